"""What to load and how, and the modules of a saved folder."""

import inspect
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from . import files, folder
from .backends import BACKENDS
from .similarity_functions import SimilarityFunction
from .sources import resolve

Backend = Literal["torch", "onnx", "openvino"]


@dataclass(frozen=True)
class LoadRequest:
    """Everything that says which model to load and how; the constructors only fill this in."""

    name: str | None = None
    modules: Iterable[nn.Module] | None = None
    device: str | torch.device | None = None
    prompts: dict[str, str] | None = None
    default_prompt_name: str | None = None
    similarity_fn_name: str | SimilarityFunction | None = None
    where: files.Where = field(default_factory=files.Where)
    trust_remote_code: bool = False
    model_kwargs: dict[str, Any] | None = None
    tokenizer_kwargs: dict[str, Any] | None = None
    config_kwargs: dict[str, Any] | None = None
    backend: str = "torch"

    def __post_init__(self) -> None:
        if self.backend not in BACKENDS:
            raise ValueError(f"backend {self.backend!r} is not known; use one of {', '.join(BACKENDS)}")

    def module_keywords(self) -> dict[str, Any]:
        """What every module's `load` is told."""
        return {
            **self.where.keywords(),
            "trust_remote_code": self.trust_remote_code,
            "model_kwargs": self.model_kwargs,
            "tokenizer_kwargs": self.tokenizer_kwargs,
            "config_kwargs": self.config_kwargs,
            "backend": self.backend,
        }

    def folder(self) -> Path | None:
        """The model's folder on this machine; None without a name."""
        return resolve(self.name, **self.where.keywords()) if self.name else None


def saved_modules(
    request: LoadRequest, path: Path, entries: Sequence[folder.ModuleEntry]
) -> tuple["OrderedDict[str, nn.Module]", dict[str, list[str]]]:
    """The modules that a folder lists, and the keywords of encode that it says they take."""
    trusted = request.trust_remote_code or Path(request.name or "").is_dir()
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    for entry in entries:
        cls = folder.module_class(entry.type, path, trusted=trusted)
        modules[entry.name] = _load_module(cls, path, entry.path, request)
    return modules, {entry.name: list(entry.kwargs) for entry in entries if entry.kwargs}


def _load_module(cls: Any, path: Path, subfolder: str, request: LoadRequest) -> nn.Module:
    """Modules from before v5 only take a path."""
    parameters = inspect.signature(cls.load).parameters
    if "subfolder" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        module: nn.Module = cls.load(str(path), subfolder=subfolder, **request.module_keywords())
        return module
    return cls.load(str(path / subfolder))  # type: ignore[no-any-return]


def card_text(path: Path | None) -> str | None:
    """The card in the folder, if there is one."""
    card = None if path is None else path / "README.md"
    return card.read_text(encoding="utf-8") if card is not None and card.is_file() else None

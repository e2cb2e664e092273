"""The folder of a model: modules.json, the settings beside it, and the type names in them."""

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .dotted import dotted_name, import_dotted
from .errors import NotAModel, UntrustedCode

# The version of the folder format that we write: readers compare it with their own.
FORMAT_VERSION = "5.2.0"
MODULES_FILE = "modules.json"
SETTINGS_FILE = "config_sentence_transformers.json"
_FOREIGN = "sentence_transformers."
_OURS = f"{__package__}."
_SPARSE_TYPES = {"MLMTransformer", "SpladePooling", "SparseAutoEncoder", "SparseStaticEmbedding"}
_OLD_TYPES = {"Asym": "Router"}
# Classes that only 6.x has a name for.
_LATER_TYPES = {
    "CausalLanguageModel": "base.modules.transformer.Transformer",
    "LogitScore": "cross_encoder.modules.logit_score.LogitScore",
    "SequenceClassifier": "base.modules.transformer.Transformer",
}


@dataclass(frozen=True)
class ModuleEntry:
    """One line of modules.json."""

    name: str
    path: str
    type: str
    kwargs: tuple[str, ...] = field(default=())


def read_modules(folder: Path) -> list[ModuleEntry] | None:
    """The modules of a model, in order; None if the folder has no modules.json."""
    path = folder / MODULES_FILE
    if not path.is_file():
        return None
    entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    try:
        return [ModuleEntry(e["name"], e["path"], e["type"], tuple(e.get("kwargs", ()))) for e in entries]
    except (KeyError, TypeError) as err:
        raise NotAModel(f"{str(path)!r} is not understood: every entry needs name, path and type") from err


def write_modules(folder: Path, entries: Sequence[ModuleEntry]) -> None:
    """Write modules.json."""
    rows = [
        {"idx": index, "name": e.name, "path": e.path, "type": e.type}
        | ({"kwargs": list(e.kwargs)} if e.kwargs else {})
        for index, e in enumerate(entries)
    ]
    (folder / MODULES_FILE).write_text(json.dumps(rows, indent=2), encoding="utf-8")


def read_settings(folder: Path) -> dict[str, Any]:
    """Prompts, similarity and the like; empty if the folder does not say."""
    path = folder / SETTINGS_FILE
    if not path.is_file():
        return {}
    settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return settings


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Write prompts, similarity and the like."""
    (folder / SETTINGS_FILE).write_text(json.dumps(settings, indent=2), encoding="utf-8")


def type_name(cls: type) -> str:
    """The name that a module's class has on disk."""
    name = dotted_name(cls)
    if not name.startswith(_OURS):
        return name
    if later := _LATER_TYPES.get(cls.__name__):
        return f"{_FOREIGN}{later}"
    place = "sparse_encoder.models" if cls.__name__ in _SPARSE_TYPES else "models"
    return f"{_FOREIGN}{place}.{cls.__name__}"


def module_class(name: str, folder: Path, *, trusted: bool) -> Any:
    """The class of a type name on disk: one of ours, one in the model's folder, or one that is installed.

    Code in the folder is only run if `trusted`.
    """
    last = name.rpartition(".")[2]
    if name.startswith((_FOREIGN, _OURS)):
        return builtin_class(_OLD_TYPES.get(last, last), name)
    if (folder / f"{name.split('.', maxsplit=1)[0]}.py").is_file():
        if not trusted:
            raise UntrustedCode(
                f"the model in {str(folder)!r} brings its own code for {name!r}; read it, "
                "then load the model with trust_remote_code=True"
            )
        from transformers.dynamic_module_utils import get_class_from_dynamic_module

        return get_class_from_dynamic_module(name, str(folder))
    return import_dotted(name)


def builtin_class(name: str, stated: str) -> Any:
    """One of our modules by its class name."""
    modules = importlib.import_module(".modules", __package__)
    if name not in modules.MODULES:
        raise NotAModel(
            f"the model uses a module {stated!r} that is not known here; known are {', '.join(modules.MODULES)}"
        )
    return getattr(modules, name)

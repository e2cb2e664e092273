"""The base of every module: features in, features out, and its own few files in the model's folder."""

import json
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from safetensors.torch import load_file, save_model
from torch import nn

from .. import files
from ..errors import NotAModel

Features = dict[str, Any]
WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")


class Module(nn.Module, ABC):
    """One step of a model.

    `config_keys` names the attributes kept in `config_file_name`; `forward_kwargs` the keywords that `forward`
    wants from encode; `save_in_root` puts the files beside modules.json rather than into a folder of their own.
    """

    config_file_name: str = "config.json"
    config_keys: ClassVar[list[str]] = []
    forward_kwargs: ClassVar[set[str]] = set()
    save_in_root: bool = False

    @abstractmethod
    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Add to, or replace in, the features of one batch."""

    def get_config_dict(self) -> dict[str, Any]:
        """What `save_config` writes."""
        return {key: getattr(self, key) for key in self.config_keys}

    @abstractmethod
    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write the files of this module into `output_path`."""

    def save_config(self, output_path: str, filename: str | None = None) -> None:
        """Write the configuration as JSON."""
        Path(output_path).mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.get_config_dict(), indent=4)
        (Path(output_path) / (filename or self.config_file_name)).write_text(text, encoding="utf-8")

    def save_torch_weights(self, output_path: str, safe_serialization: bool = True) -> None:
        """Write the state dict, as safetensors or as a torch pickle."""
        Path(output_path).mkdir(parents=True, exist_ok=True)
        if safe_serialization:
            save_model(self, os.path.join(output_path, "model.safetensors"))
        else:
            torch.save(self.state_dict(), os.path.join(output_path, "pytorch_model.bin"))

    @classmethod
    def load(
        cls,
        model_name_or_path: str,
        subfolder: str = "",
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
        **kwargs: Any,  # noqa: ARG003 -- modules that need more name it
    ) -> Self:
        """Build the module from its saved configuration."""
        where = files.Where(token, cache_folder, revision, local_files_only)
        return cls(**cls.load_config(model_name_or_path, subfolder, **where.keywords()))

    @classmethod
    def load_config(
        cls,
        model_name_or_path: str,
        subfolder: str = "",
        config_filename: str | None = None,
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
    ) -> dict[str, Any]:
        """The saved configuration; empty if there is none."""
        where = files.Where(token, cache_folder, revision, local_files_only)
        path = files.find_file(model_name_or_path, config_filename or cls.config_file_name, subfolder, where)
        if path is None:
            return {}
        config: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
        return config

    @staticmethod
    def load_file_path(
        model_name_or_path: str,
        filename: str,
        subfolder: str = "",
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
    ) -> str | None:
        """One file of a model on this machine, fetched if need be; None if the model has no such file."""
        where = files.Where(token, cache_folder, revision, local_files_only)
        return files.find_file(model_name_or_path, filename, subfolder, where)

    @staticmethod
    def load_dir_path(
        model_name_or_path: str,
        subfolder: str = "",
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
    ) -> str | None:
        """One folder of a model on this machine, fetched if need be."""
        where = files.Where(token, cache_folder, revision, local_files_only)
        return files.find_folder(model_name_or_path, subfolder, where)

    @classmethod
    def load_torch_weights(
        cls,
        model_name_or_path: str,
        subfolder: str = "",
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
        model: nn.Module | None = None,
    ) -> Any:
        """The saved state dict, or `model` with that state loaded."""
        where = files.Where(token, cache_folder, revision, local_files_only)
        weights = read_weights(model_name_or_path, subfolder, where)
        if model is None:
            return weights
        model.load_state_dict(weights)
        return model


def read_weights(model_name_or_path: str, subfolder: str, where: files.Where) -> dict[str, torch.Tensor]:
    """The tensors of a module's folder, from safetensors or from a torch pickle of tensors only."""
    for name in WEIGHT_FILES:
        path = files.find_file(model_name_or_path, name, subfolder, where)
        if path is None:
            continue
        if name.endswith(".safetensors"):
            return load_file(path)
        state: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        return state
    place = os.path.join(model_name_or_path, subfolder)
    raise NotAModel(f"no weights in {place!r}: expected one of {', '.join(WEIGHT_FILES)}; save the model again")

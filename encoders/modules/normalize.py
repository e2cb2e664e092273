"""Vectors of length one."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

from typing import Any, Self

import torch

from .module import Features, Module


class Normalize(Module):
    """L2-normalises an embedding (in place of it, unless `module_output_name` says otherwise)."""

    def __init__(self, module_input_name: str = "sentence_embedding", module_output_name: str | None = None) -> None:
        super().__init__()
        self.module_input_name = module_input_name
        self.module_output_name = module_output_name or module_input_name

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Replace the embedding by its direction."""
        normalised = torch.nn.functional.normalize(features[self.module_input_name], p=2, dim=-1)
        return {**features, self.module_output_name: normalised}

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Nothing to write: the module has no state."""

    @classmethod
    def load(cls, *args: Any, **kwargs: Any) -> Self:
        """Nothing to read, unless a 6.x folder names other features."""
        return cls(**cls.load_config(*args, **{k: v for k, v in kwargs.items() if k in _WHERE}))


_WHERE = ("subfolder", "token", "cache_folder", "revision", "local_files_only")

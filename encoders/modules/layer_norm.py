"""Layer normalisation of the sentence embedding."""
# ruff: noqa: ARG002, ARG003 -- signatures of Sentence Transformers

from typing import Any, ClassVar, Self

from torch import nn

from .. import files
from .module import Features, Module
from .weights import load_into


class LayerNorm(Module):
    """Zero mean and unit variance over the dimensions, with learned scale and shift."""

    config_keys: ClassVar[list[str]] = ["dimension"]

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.dimension = dimension
        self.norm = nn.LayerNorm(dimension)

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Replace the sentence embedding."""
        features["sentence_embedding"] = self.norm(features["sentence_embedding"])
        return features

    def get_sentence_embedding_dimension(self) -> int:
        """Dimensions that leave this module."""
        return self.dimension

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write configuration and weights."""
        self.save_config(output_path)
        self.save_torch_weights(output_path, safe_serialization=safe_serialization)

    @classmethod
    def load(
        cls,
        model_name_or_path: str,
        subfolder: str = "",
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
        **kwargs: Any,
    ) -> Self:
        """Configuration and weights."""
        where = files.Where(token, cache_folder, revision, local_files_only)
        module = cls(**cls.load_config(model_name_or_path, subfolder, **where.keywords()))
        load_into(module, model_name_or_path, subfolder, where)
        return module

"""1-d convolutions over the token embeddings."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

from typing import Any, ClassVar

import torch
from torch import nn

from ..renames import keywords
from .module import Features
from .weighted import WeightedModule


class CNN(WeightedModule):
    """One convolution a kernel size, their outputs concatenated for every token."""

    config_file_name: str = "cnn_config.json"
    config_keys: ClassVar[list[str]] = ["in_word_embedding_dimension", "out_channels", "kernel_sizes"]

    @keywords(newer={"in_embedding_dimension": "in_word_embedding_dimension"})
    def __init__(
        self,
        in_word_embedding_dimension: int,
        out_channels: int = 256,
        kernel_sizes: list[int] = [1, 3, 5],  # noqa: B006 -- never changed
        stride_sizes: list[int] | None = None,
    ) -> None:
        super().__init__()
        self.in_word_embedding_dimension = in_word_embedding_dimension
        self.out_channels = out_channels
        self.kernel_sizes = list(kernel_sizes)
        self.embeddings_dimension = out_channels * len(self.kernel_sizes)
        strides = stride_sizes or [1] * len(self.kernel_sizes)
        self.convs = nn.ModuleList(
            nn.Conv1d(in_word_embedding_dimension, out_channels, size, stride=stride, padding=(size - 1) // 2)
            for size, stride in zip(self.kernel_sizes, strides, strict=True)
        )

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Replace the token embeddings."""
        channels_first = features["token_embeddings"].transpose(1, -1)
        convolved = torch.cat([convolution(channels_first) for convolution in self.convs], dim=1)
        features["token_embeddings"] = convolved.transpose(1, -1)
        return features

    def get_word_embedding_dimension(self) -> int:
        """The width of the token embeddings that leave this module."""
        return self.embeddings_dimension

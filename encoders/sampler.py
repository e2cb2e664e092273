"""Batch samplers, under their usual import path."""

from .training.multi_dataset import MultiDatasetDefaultBatchSampler, ProportionalBatchSampler, RoundRobinBatchSampler
from .training.samplers import (
    DefaultBatchSampler,
    GroupByLabelBatchSampler,
    NoDuplicatesBatchSampler,
    SetEpochMixin,
    TokenLengthBatchSampler,
)

__all__ = [
    "DefaultBatchSampler",
    "GroupByLabelBatchSampler",
    "MultiDatasetDefaultBatchSampler",
    "NoDuplicatesBatchSampler",
    "ProportionalBatchSampler",
    "RoundRobinBatchSampler",
    "SetEpochMixin",
    "TokenLengthBatchSampler",
]

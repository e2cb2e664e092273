"""Training arguments and samplers' names, under their usual import path."""

from .training.arguments import SentenceTransformerTrainingArguments
from .training.multi_dataset import MultiDatasetBatchSamplers
from .training.samplers import BatchSamplers

__all__ = ["BatchSamplers", "MultiDatasetBatchSamplers", "SentenceTransformerTrainingArguments"]

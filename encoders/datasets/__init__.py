"""Datasets and loaders of old, for `fit`. Use datasets.Dataset and batch samplers in new code."""

from ..lazy import on_first_use

_NAMES = {
    "DenoisingAutoEncoderDataset": "denoising",
    "NoDuplicatesDataLoader": "no_duplicates",
    "ParallelSentencesDataset": "parallel",
    "SentenceLabelDataset": "by_label",
    "SentencesDataset": "examples",
}

__getattr__, __dir__ = on_first_use(__name__, _NAMES)

"""Queries without a model call: the weight of each token is looked up (inference-free sparse retrieval).

Geng et al. 2024, "Towards Competitive Search Relevance For Inference-Free Learned Sparse Retrievers".
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import NotAModel
from ..types import SparseVector
from .description import ModelDescription
from .tokenizer import RefusedText, Text, TokenizedText, Tokenizer


class QueryTable:
    """One weight a token of the vocabulary. Safe for several threads."""

    def __init__(self, description: ModelDescription, folder: Path, max_tokens: int) -> None:
        self._tokenizer = Tokenizer(replace(description, folder=folder), max_tokens, special_tokens=False)
        self._vocabulary = self._tokenizer.vocabulary
        self._weights = _weights(folder, self._vocabulary)

    def tokenize(self, inputs: Sequence[Text], prompt: str) -> list[TokenizedText | RefusedText]:
        """One result for each text, marked as one to look up."""
        results = self._tokenizer.tokenize(inputs, prompt)
        return [replace(each, is_lookup=True) if isinstance(each, TokenizedText) else each for each in results]

    def look_up(self, text: TokenizedText) -> SparseVector:
        """Each token that occurs, once, with its weight."""
        ids = np.unique(np.asarray(text.ids, dtype=np.int32))
        ids = ids[self._weights[ids] > 0]
        return SparseVector(ids, self._weights[ids], self._vocabulary)


def _weights(folder: Path, vocabulary: Sequence[str]) -> npt.NDArray[np.float32]:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    stated = folder / config["path"] if config.get("path") else None
    if stated is not None and stated.is_file():
        named = json.loads(stated.read_text(encoding="utf-8"))
        return np.array([named.get(token, 0.0) for token in vocabulary], dtype=np.float32)
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(folder / "model.safetensors", framework="numpy") as file:
            weights = np.asarray(file.get_tensor("weight"), dtype=np.float32)
    except (SafetensorError, OSError) as err:
        raise NotAModel(f"{str(folder)!r} has no table of token weights that can be read: {err}") from err
    if len(weights) != len(vocabulary):
        raise NotAModel(f"{str(folder)!r} has {len(weights)} weights for {len(vocabulary)} tokens")
    return weights

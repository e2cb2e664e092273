"""A graph's output -> one row a text: a vector, term weights, or a score. Pure numpy."""

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..errors import NotAModel
from ..types import SparseVector
from .description import ModelDescription
from .executor import TokenBatch

Floats = npt.NDArray[np.float32]


def vectors(output: Floats, batch: TokenBatch, description: ModelDescription) -> Floats:
    """float32 (texts, dimension); pools and normalises what a graph without a head leaves to do."""
    pooled = output
    if output.ndim == 3:
        pooled = np.concatenate([_pool(mode, output, batch.attention_mask) for mode in description.pooling], axis=-1)
    # In float32 here also for a graph that normalises: in bfloat16 its lengths are off by up to 1 in 300.
    if description.normalize:
        return _normalized(pooled)
    return pooled


def chunk_vectors(hidden: Floats, chunks: Sequence[tuple[int, int]], *, normalize: bool) -> Floats:
    """float32 (chunks, dimension): the mean of each range of one text's tokens; `hidden` is (tokens, width)."""
    if hidden.ndim != 2:
        raise NotAModel(
            "the folder's own graph gives no tokens, so no chunk can be pooled; encode the chunks one by one"
        )
    means = np.stack([hidden[start:stop].mean(axis=0) for start, stop in chunks])
    return _normalized(means) if normalize else means


def term_weights(output: Floats, batch: TokenBatch, vocabulary: Sequence[str]) -> list[SparseVector]:
    """The weights above 0 of each text."""
    if output.ndim == 3:
        masked = np.where(batch.attention_mask[:, :, None] == 1, output, -np.inf)
        output = np.log1p(np.maximum(masked.max(axis=1), 0))
    rows, ids = np.nonzero(output > 0)
    weights = output[rows, ids]
    bounds = np.searchsorted(rows, np.arange(len(output) + 1))
    return [
        SparseVector(ids[start:stop].astype(np.int32), weights[start:stop], vocabulary)
        for start, stop in itertools.pairwise(bounds)
    ]


def scores(output: Floats, activation: str) -> Floats:
    """float32 (texts,) for one label, (texts, labels) for more, after the model's activation."""
    activated = _activate(output, activation)
    return activated[:, 0] if activated.ndim == 2 and activated.shape[1] == 1 else activated


def _normalized(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12), dtype=np.float32)


def _activate(logits: Floats, activation: str) -> Floats:
    if activation == "Identity":
        return logits
    if activation == "Sigmoid":
        return np.asarray(1 / (1 + np.exp(-logits.astype(np.float64))), dtype=np.float32)
    raise NotAModel(f"the activation {activation!r} is not known here, only Identity and Sigmoid; use CrossEncoder")


def _pool(mode: str, hidden: Floats, mask: npt.NDArray[np.int64]) -> Floats:
    if mode == "cls":
        return hidden[:, 0]
    present = mask[:, :, None].astype(np.float32)
    if mode in {"mean", "mean_sqrt_len"}:
        count = np.maximum(present.sum(axis=1), 1e-9)
        summed = (hidden * present).sum(axis=1)
        return np.asarray(summed / (count if mode == "mean" else np.sqrt(count)), dtype=np.float32)
    if mode == "max":
        return np.asarray(np.where(present == 1, hidden, -np.inf).max(axis=1), dtype=np.float32)
    raise NotAModel(f"pooling {mode!r} runs with torch only; open the model with backend='torch'")

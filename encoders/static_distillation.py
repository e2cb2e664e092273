"""A transformer's own vectors of single tokens as static embeddings, which need no transformer to serve."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from .errors import NotAModel
from .modules import Normalize, StaticEmbedding
from .sentence_transformer import SentenceTransformer

Rows = npt.NDArray[np.float32]
_BATCH = 512


def distil_static(
    teacher: SentenceTransformer,
    *,
    dimension: int | None = 256,
    frequency_weight: float | None = 1e-4,
    on_progress: Callable[[int, int], None] | None = None,
) -> SentenceTransformer:
    """A model whose text vectors are means of token vectors, each the teacher's vector of that token alone.

    The token vectors are centred and projected on their `dimension` main components, then multiplied by a / (a + p),
    `frequency_weight` being a (smooth inverse frequency, Arora et al. 2017, section 3) and p the share of the token by
    Zipf's law on its place in the vocabulary, as Model2Vec does (Tulkens and van Dongen 2024). None leaves either out.
    Train the result as any other model. Raises NotAModel for a teacher without a fast tokeniser.
    """
    tokenizer = getattr(teacher.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:
        raise NotAModel(f"{type(teacher.tokenizer).__name__} is no fast tokeniser; static embeddings need one")
    rows = token_vectors(teacher, tokenizer.get_vocab_size(), on_progress)
    rows = projected(rows, dimension) if dimension is not None and dimension < rows.shape[1] else rows
    if frequency_weight is not None:
        rows *= inverse_frequencies(len(rows), frequency_weight)[:, None]
    return SentenceTransformer(modules=[StaticEmbedding(tokenizer, rows), Normalize()], device=str(teacher.device))


def token_vectors(teacher: SentenceTransformer, count: int, on_progress: Callable[[int, int], None] | None) -> Rows:
    """The teacher's vector of each token id, between the special tokens that it reads texts with."""
    tokenizer: Any = teacher.tokenizer
    frame = tokenizer("", add_special_tokens=True)["input_ids"]
    middle = len(frame) // 2
    special = set(tokenizer.all_special_ids)
    parts = []
    for start in range(0, count, _BATCH):
        ids = range(start, min(start + _BATCH, count))
        # A special token alone says nothing: its vector would be noise in every text that has one.
        sequences = [[*frame[:middle], token, *frame[middle:]] for token in ids]
        rows = _encoded(teacher, sequences)
        rows[[place for place, token in enumerate(ids) if token in special]] = 0
        parts.append(rows)
        if on_progress:
            on_progress(start + len(sequences), count)
    return np.concatenate(parts)


def projected(rows: Rows, dimension: int) -> Rows:
    """The centred rows on their main components."""
    centred = rows - rows.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(centred, rowvar=False))
    return np.asarray(centred @ vectors[:, ::-1][:, :dimension], dtype=np.float32)


def inverse_frequencies(count: int, weight: float) -> Rows:
    """a / (a + p) of each place in a vocabulary that begins with the most frequent tokens."""
    shares = 1 / np.arange(2, count + 2)
    shares /= shares.sum()
    return np.asarray(weight / (weight + shares), dtype=np.float32)


def _encoded(teacher: SentenceTransformer, sequences: Sequence[Sequence[int]]) -> Rows:
    ids = torch.tensor(sequences, device=teacher.device)
    features = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    teacher.eval()
    with torch.inference_mode():
        rows: Rows = teacher(features)["sentence_embedding"].float().cpu().numpy().copy()
    return rows

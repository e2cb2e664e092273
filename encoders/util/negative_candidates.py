"""Which texts of a corpus a model finds closest to its queries, and what a cross-encoder says of them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..inference.model import Model
from ..similarity_functions import SimilarityFunction
from .search_packages import import_faiss


@dataclass(frozen=True)
class Embedding:
    """How the two sides are embedded."""

    batch_size: int
    devices: bool | list[str]
    show_progress_bar: bool
    cache_folder: str | None

    def embed(self, model: Any, method: str, texts: list[str], prompt_name: str | None, prompt: str | None) -> Tensor:
        """One row a text, on the CPU; read from the cache folder where they were kept there before."""
        if self.cache_folder is None:
            return self._encode(model, method, texts, prompt_name, prompt)
        said = repr((_name(model), method, prompt_name, prompt, texts)).encode()
        path = Path(self.cache_folder) / f"{hashlib.sha256(said).hexdigest()[:32]}.npy"
        if path.is_file():
            return torch.from_numpy(np.load(path))
        rows = self._encode(model, method, texts, prompt_name, prompt)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, rows.numpy())
        return rows

    def _encode(self, model: Any, method: str, texts: list[str], prompt_name: str | None, prompt: str | None) -> Tensor:
        options: dict[str, Any] = {
            "prompt_name": prompt_name,
            "prompt": prompt,
            "batch_size": self.batch_size,
            "show_progress_bar": self.show_progress_bar,
            "convert_to_tensor": True,
        }
        encode = getattr(model, method)
        if not self.devices:
            return _plain(encode(texts, **options))
        pool = model.start_multi_process_pool(None if self.devices is True else self.devices)
        try:
            return _plain(encode(texts, pool=pool, **options))
        finally:
            model.stop_multi_process_pool(pool)


class Served:
    """A model of `open_model`, with the calls that mining makes of a SentenceTransformer or a CrossEncoder."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.fingerprint = model.fingerprint
        self.similarity_fn_name = model.similarity
        self.similarity = SimilarityFunction.to_similarity_fn(model.similarity)

    def encode_query(self, texts: list[str], **options: Any) -> Tensor:
        """One row a query, with the model's own prompt."""
        return self._rows(texts, self._model.encode_query, options)

    def encode_document(self, texts: list[str], **options: Any) -> Tensor:
        """One row a document, with the model's own prompt."""
        return self._rows(texts, self._model.encode_document, options)

    def _rows(self, texts: list[str], encode: Any, options: dict[str, Any]) -> Tensor:
        if self._model.kind != "dense":
            raise ValueError(
                f"negatives are mined by a dense model; {self._model.name!r} is a {self._model.kind} model"
            )
        if options.get("prompt") or options.get("prompt_name") or options.get("pool"):
            raise ValueError("a model of open_model has prompts of its own and one process; leave those options out")
        return torch.from_numpy(encode(texts))

    def predict(self, pairs: list[tuple[str, str]], **options: Any) -> Tensor:  # noqa: ARG002
        """Scores of one query's documents."""
        return torch.from_numpy(self._model.rank(pairs[0][0], [text for _, text in pairs])) if pairs else torch.empty(0)


def callable_by_mining(model: Any) -> Any:
    """The model itself, or a served one with the calls that mining makes."""
    return Served(model) if isinstance(model, Model) else model


def search(
    model: Any, queries: Tensor, texts: Tensor, depth: int, chunk: int, *, use_faiss: bool
) -> Iterator[tuple[int, Tensor, Tensor]]:
    """(query, scores, places) of the `depth` closest texts, best first, `chunk` queries at a time."""
    index = None
    if use_faiss:
        index = import_faiss().IndexFlatIP(texts.shape[1])
        # Inner product: the rows are normalised where the model compares by cosine.
        queries, texts = (_comparable(rows, model) for rows in (queries, texts))
        index.add(texts.numpy())
    for start in range(0, len(queries), chunk):
        some = queries[start : start + chunk]
        if index is not None:
            scores, places = (torch.from_numpy(found) for found in index.search(some.numpy(), depth))
        else:
            scores, places = model.similarity(some, texts).topk(depth, dim=1)
        for row in range(len(some)):
            yield start + row, scores[row], places[row]


class Rescoring:
    """The cross-encoder's score of a query with each of some texts."""

    def __init__(self, cross_encoder: Any, queries: list[str], texts: list[str], batch_size: int) -> None:
        self._model, self._queries, self._texts, self._batch_size = cross_encoder, queries, texts, batch_size

    def __call__(self, query: int, places: list[int]) -> Tensor:
        pairs = [(self._queries[query], self._texts[place]) for place in places]
        scores: Tensor = self._model.predict(
            pairs, batch_size=self._batch_size, show_progress_bar=False, convert_to_tensor=True
        )
        return scores.float().cpu()


def _comparable(rows: Tensor, model: Any) -> Tensor:
    return torch.nn.functional.normalize(rows, dim=1) if model.similarity_fn_name == "cosine" else rows


def _plain(rows: Tensor) -> Tensor:
    return rows.to_dense().float().cpu()


def _name(model: Any) -> str:
    """What tells models apart: where the weights came from, and a few of them."""
    if isinstance(model, Served):
        return model.fingerprint
    weights = next(iter(model.parameters()), None)
    sample = "" if weights is None else repr(weights.flatten()[:64].tolist())
    return f"{type(model).__name__} {model.model_card_data.base_model} {sample}"

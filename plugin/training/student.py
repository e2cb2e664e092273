"""The base model as it is before training: loaded, pruned, or distilled into static embeddings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from outrider.encoders import resolve

from .spec import Kind, TrainSpec

Progress = Callable[[int, int], None]


def load_student(spec: TrainSpec, scratch: Path, on_progress: Progress | None = None) -> Any:
    """The model to train, on the device that torch prefers."""
    from outrider.encoders import distil_static, prune_layers, trainable_folder

    folder = trainable_folder(resolve(spec.base), scratch / "base")
    model = open_trainable(folder, spec.kind)
    if spec.student.static:
        return distil_static(model, dimension=spec.student.dimension, on_progress=on_progress)
    if spec.student.keep_layers:
        prune_layers(model, spec.student.keep_layers)
    return model


def open_trainable(folder: Path, kind: Kind) -> Any:
    """A model of this kind from a folder with float weights."""
    from outrider.encoders import CrossEncoder, SentenceTransformer, SparseEncoder

    if kind == "reranker":
        return CrossEncoder(str(folder))
    return SparseEncoder(str(folder)) if kind == "sparse" else SentenceTransformer(str(folder))


def freeze(model: Any, layers: int) -> int:
    """Leave the embeddings and the first layers as they are; gives the number of frozen parameters."""
    if not layers:
        return 0
    fixed = (
        "embeddings.",
        *(f"layer.{place}." for place in range(layers)),
        *(f"layers.{place}." for place in range(layers)),
    )
    frozen = 0
    for name, parameter in model.named_parameters():
        if any(part in name for part in fixed):
            parameter.requires_grad = False
            frozen += parameter.numel()
    return frozen

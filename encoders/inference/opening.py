"""Opening a model for serving: its folder, what runs it, and what int8 costs it."""

import logging
import os
from dataclasses import replace
from pathlib import Path

from ..sources import cache_root, resolve
from . import loss
from .choice import Wish, choose
from .describe import describe
from .description import ModelDescription, fingerprint
from .graph_cache import graph_path
from .late import LateChunks
from .loss import PrecisionLoss
from .machine import core_quota
from .model import Model
from .static_executor import StaticExecutor

log = logging.getLogger(__name__)


def open_model(
    name: str | os.PathLike[str],
    *,
    backend: str = "auto",
    precision: str = "exact",
    threads: int | None = None,
    revision: str | None = None,
    cache_folder: str | Path | None = None,
    local_files_only: bool = False,
    token: bool | str | None = None,
    max_tokens: int | None = None,
    device: str | None = None,
    allow_pickle: bool = False,
) -> Model:
    """Open a model for serving: a folder, a ready name, a package reference or a hub id.

    `precision` is "exact" (float32); "fast": bfloat16 where the machine multiplies it, float32 elsewhere; or "int8":
    weights and activations of the linear layers in 8 bits, which is not quite the same: `model.loss` says how far off.
    A folder that brings its own ONNX graph runs as that graph says. `backend` is "auto", "onnx", "openvino" or "torch",
    and `device` a device of torch ("cuda", "cpu"). "auto" is torch on a GPU where the machine has one, on a CPU the
    fastest of the others, and torch for a family that no graph is built for; `model.executor` says what runs, and why.
    A forward takes `threads` cores: unless given all there are, or as many as the container's quota pays for.
    With `allow_pickle`, a folder's pytorch_model.bin is taken where it has no safetensors; only its tensors are loaded.
    Raises ModelNotFound, NotAModel, ModelCorrupt, MissingExtra, and ValueError for a name that is not known.
    """
    wish = Wish(backend, precision, threads or core_quota(), device)
    wish.check()
    folder = resolve(name, revision=revision, cache_folder=cache_folder, local_files_only=local_files_only, token=token)
    description = describe(folder, allow_pickle=allow_pickle)
    digest = fingerprint(description)
    limit = min(max_tokens or description.max_tokens, description.max_tokens)
    cache = cache_root(cache_folder)
    executor = StaticExecutor(description) if description.is_static else choose(description, digest, cache, wish)
    late = LateChunks(description, digest, cache, wish, executor) if description.kind == "dense" else None
    model = Model(os.fspath(name), description, digest, executor, limit, late)
    if precision == "int8" and not (description.has_graph or description.is_static):
        model.loss = _kept_loss(model, description, cache, wish)
        log.info("%s runs in int8; %s", name, model.loss)
    return model


def int8_loss(
    name: str | os.PathLike[str], *, measure: bool = False, cache_folder: str | Path | None = None
) -> PrecisionLoss | None:
    """What int8 costs a model that is on this machine: as it was measured when the model was first opened in int8.

    With `measure`, opens it so where that has not happened. None where it is not known, and for a model that is not
    run in int8 because it brings a graph of its own or is a table of vectors.
    """
    folder = resolve(name, cache_folder=cache_folder, local_files_only=True)
    description = describe(folder)
    if description.has_graph or description.is_static:
        return None
    known = loss.read_loss(_loss_path(description, fingerprint(description), cache_root(cache_folder)))
    if known is not None or not measure:
        return known
    model = open_model(folder, precision="int8", cache_folder=cache_folder)
    model.close()
    return model.loss


def _loss_path(description: ModelDescription, digest: str, cache: Path) -> Path:
    return graph_path(description, digest, cache, "int8").with_suffix(".loss.json")


def _kept_loss(model: Model, description: ModelDescription, cache: Path, wish: Wish) -> PrecisionLoss:
    def measure() -> PrecisionLoss:
        wanted = replace(wish, backend="onnx", precision="exact")
        executor = choose(description, model.fingerprint, cache, wanted)
        exact = Model(model.name, description, model.fingerprint, executor, model.max_tokens)
        found = model.measure_loss(exact)
        exact.close()
        return found

    return loss.kept_loss(_loss_path(description, model.fingerprint, cache), measure)

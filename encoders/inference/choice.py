"""Which executor runs a graph in which numerics on this machine, and the sentence that says so."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ..errors import MissingExtra, NotAModel
from .description import ModelDescription
from .executor import Executor
from .graph_cache import graph_file
from .layout import has_layout
from .machine import has_cuda_gpu

Backend = Literal["auto", "onnx", "openvino", "torch"]
Precision = Literal["exact", "fast", "int8"]
_SHORT = {None: "fp32", "bfloat16": "bf16", "float16": "fp16"}


@dataclass(frozen=True)
class Wish:
    """What the caller asked for. `device` is torch's name of one, or None for what fits the machine."""

    backend: str = "auto"
    precision: str = "exact"
    threads: int | None = None
    device: str | None = None

    def check(self) -> None:
        """Raises ValueError for a name that is not known, or two that do not go together."""
        backend, precision = self.backend, self.precision
        if backend not in get_args(Backend):
            raise ValueError(f"backend {backend!r} is not known; use {', '.join(get_args(Backend))}")
        if precision not in get_args(Precision):
            raise ValueError(f"precision {precision!r} is not known; use {', '.join(get_args(Precision))}")
        if backend in {"openvino", "torch"} and precision == "int8":
            raise ValueError("int8 graphs are made of ONNX Runtime's operators; use backend='auto' or 'onnx'")
        if (backend, precision) == ("onnx", "fast"):
            raise ValueError(
                "ONNX Runtime has no bfloat16 on a CPU; use backend='auto' or 'openvino' with precision='fast'"
            )
        if self.device not in {None, "cpu"} and (backend in {"onnx", "openvino"} or precision == "int8"):
            raise ValueError(
                f"device {self.device!r} runs by torch in 'exact' or 'fast'; use backend='auto' or 'torch' with those"
            )


def choose(description: ModelDescription, digest: str, cache: Path, wish: Wish) -> Executor:
    """Build the executor.

    Measured with MiniLM-L6 on mixed lengths, CPU time of one Zen 4 core, times as fast as Sentence Transformers: in
    float32 ONNX Runtime 2.4 and packed torch 2.5, in bfloat16 OpenVINO 4.8 and packed torch 4.3 (its attention reaches
    50 GFLOP/s where the linear layers reach 207), ONNX Runtime int8 4.9. In float32 they are close, and ONNX Runtime is
    the one that every install has and that starts soonest.
    """
    device, why = _torch_device(description, wish)
    if device is None and description.torch_only:
        device, why = "cpu", _only_torch(description, wish)
    if device is not None:
        return _on_torch(description, wish, device, why)
    try:
        graph = graph_file(description, digest, cache, "int8" if wish.precision == "int8" else "exact")
    except NotAModel as err:
        if wish.backend != "auto" or wish.precision == "int8":
            raise
        try:
            why = f"no graph is built for {description.config.get('model_type')}"
            return _on_torch(description, wish, "cpu", why)
        except MissingExtra:
            raise err from None
    if wish.backend == "openvino":
        return _on_openvino(graph, wish, "asked for")
    if wish.precision == "fast":
        from .openvino_executor import multiplies_bfloat16

        if multiplies_bfloat16():
            return _on_openvino(graph, wish, "")
    from .onnx_executor import OnnxExecutor

    return OnnxExecutor(graph, f"ONNX Runtime, {_numerics(description, wish)}", wish.threads)


def _torch_device(description: ModelDescription, wish: Wish) -> tuple[str | None, str]:
    """Where torch runs the model, and why; None where something else does."""
    if wish.device not in {None, "cpu"}:
        return wish.device, "the device was asked for"
    wants_gpu = wish.device is None and wish.precision != "int8" and not description.has_graph
    if wish.backend == "torch":
        return "cuda" if wants_gpu and has_cuda_gpu() else "cpu", "asked for"
    if wish.backend == "auto" and wants_gpu and has_cuda_gpu():
        return "cuda", "this machine has a GPU"
    return None, ""


def _only_torch(description: ModelDescription, wish: Wish) -> str:
    """Why torch runs the model. Raises NotAModel where something else was asked for."""
    if wish.backend != "auto" or wish.precision == "int8":
        asked = "precision='int8'" if wish.precision == "int8" else f"backend={wish.backend!r}"
        raise NotAModel(
            f"{str(description.folder)!r} has the module {description.torch_only}, which runs with torch only, and not "
            f"with {asked}; use backend='torch'"
        )
    return f"no graph is built for the module {description.torch_only}"


def _on_openvino(graph: Path, wish: Wish, why: str) -> Executor:
    from .openvino_executor import OpenVinoExecutor, multiplies_bfloat16

    if wish.precision == "exact":
        return OpenVinoExecutor(graph, f"OpenVINO, fp32 on CPU: {why}", wish.threads)
    if multiplies_bfloat16():
        return OpenVinoExecutor(graph, "OpenVINO, bf16: this CPU multiplies it", wish.threads, bfloat16=True)
    return OpenVinoExecutor(graph, "OpenVINO, fp32: this CPU has no bf16", wish.threads)


def _on_torch(description: ModelDescription, wish: Wish, device: str, why: str) -> Executor:
    if description.has_graph:
        raise NotAModel(f"{str(description.folder)!r} holds an ONNX graph and no weights for torch; use backend='auto'")
    from .torch_device import half_type, torch_device

    place = torch_device(device)
    half = half_type(place) if wish.precision == "fast" else None
    how = f"{_SHORT[half]} on {'CPU' if place == 'cpu' else place}"
    if wish.precision == "fast" and half is None:
        why += "; this CPU has no bf16"
    if has_layout(description.config) and not description.torch_only:
        from .packed_executor import PackedExecutor

        return PackedExecutor(description, f"torch packed, {how}: {why}", wish.threads, half=half, device=place)
    from .torch_executor import TorchExecutor

    return TorchExecutor(description, f"torch, {how}: {why}", half=half, device=place)


def _numerics(description: ModelDescription, wish: Wish) -> str:
    if description.has_graph:
        return "the folder's own graph on CPU"
    if wish.precision == "fast":
        return "fp32 on CPU: bf16 takes OpenVINO (pip install 'outrider[openvino]') and a CPU that multiplies it"
    return {"exact": "fp32", "int8": "int8"}[wish.precision] + " on CPU"

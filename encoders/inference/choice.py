"""Which executor runs a graph in which numerics on this machine, and the sentence that says so."""

from pathlib import Path
from typing import Literal, get_args

from ..errors import MissingExtra, NotAModel
from .description import ModelDescription
from .executor import Executor
from .graph_cache import graph_file

Backend = Literal["auto", "onnx", "openvino", "torch"]
Precision = Literal["exact", "fast", "int8"]


def check_choice(backend: str, precision: str) -> None:
    """Raises ValueError for a name that is not known, or two that do not go together."""
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


def choose(
    description: ModelDescription, digest: str, cache: Path, backend: str, precision: str, threads: int | None
) -> Executor:
    """Build the executor.

    Measured on two Zen 4 cores with MiniLM-L6 on mixed lengths, times as fast as Sentence Transformers: ONNX Runtime
    float32 1.9, OpenVINO float32 2.1, OpenVINO bfloat16 3.8, ONNX Runtime int8 3.8. In float32 the two are close, and
    ONNX Runtime is the one that every install has and that starts sooner.
    """
    if backend == "torch":
        return _on_torch(description, precision, "asked for")
    try:
        graph = graph_file(description, digest, cache, "int8" if precision == "int8" else "exact")
    except NotAModel as err:
        if backend != "auto" or precision == "int8":
            raise
        try:
            return _on_torch(description, precision, f"no graph is built for {description.config.get('model_type')}")
        except MissingExtra:
            raise err from None
    if precision == "fast":
        from .openvino_executor import OpenVinoExecutor, multiplies_bfloat16

        if multiplies_bfloat16():
            return OpenVinoExecutor(graph, "OpenVINO, bf16: this CPU multiplies it", threads, bfloat16=True)
        if backend == "openvino":
            return OpenVinoExecutor(graph, "OpenVINO, fp32: this CPU has no bf16", threads)
    elif backend == "openvino":
        from .openvino_executor import OpenVinoExecutor

        return OpenVinoExecutor(graph, "OpenVINO, fp32 on CPU: asked for", threads)
    from .onnx_executor import OnnxExecutor

    return OnnxExecutor(graph, f"ONNX Runtime, {_numerics(description, precision)}", threads)


def _on_torch(description: ModelDescription, precision: str, why: str) -> Executor:
    from .torch_executor import TorchExecutor

    if description.has_graph:
        raise NotAModel(f"{str(description.folder)!r} holds an ONNX graph and no weights for torch; use backend='auto'")
    numbers = "bf16" if precision == "fast" else "fp32"
    return TorchExecutor(description, f"torch, {numbers} on CPU: {why}", bfloat16=precision == "fast")


def _numerics(description: ModelDescription, precision: str) -> str:
    if description.has_graph:
        return "the folder's own graph on CPU"
    if precision == "fast":
        return "fp32 on CPU: bf16 takes OpenVINO (pip install 'outrider[openvino]') and a CPU that multiplies it"
    return {"exact": "fp32", "int8": "int8"}[precision] + " on CPU"

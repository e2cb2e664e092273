"""OpenVINO on the CPU: float32, or bfloat16 where the CPU multiplies it."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import MissingExtra, NotAModel
from .executor import TokenBatch
from .plan import DEFAULT_BUDGET


def multiplies_bfloat16() -> bool:
    """Whether this CPU has instructions for it (AVX512-BF16 or AMX), as OpenVINO sees it. False without OpenVINO."""
    try:
        core = _openvino().Core()
    except MissingExtra:
        return False
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class OpenVinoExecutor:
    """One compiled model, with a request of its own for each thread that asks."""

    def __init__(self, graph: Path, name: str, threads: int | None = None, *, bfloat16: bool = False) -> None:
        core = _openvino().Core()
        options: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "bf16" if bfloat16 else "f32",
            "PERFORMANCE_HINT": "LATENCY",
        }
        if threads:
            options["INFERENCE_NUM_THREADS"] = threads
        try:
            self._compiled = core.compile_model(core.read_model(graph), "CPU", options)
        except RuntimeError as err:
            raise NotAModel(f"OpenVINO cannot load {str(graph)!r}: {err}") from err
        self._inputs = [node.get_any_name() for node in self._compiled.inputs]
        self._requests = threading.local()
        self.name = name
        self.budget = DEFAULT_BUDGET

    def run(self, batch: TokenBatch) -> npt.NDArray[np.float32]:
        """One forward."""
        if not hasattr(self._requests, "own"):
            self._requests.own = self._compiled.create_infer_request()
        outputs = self._requests.own.infer({name: getattr(batch, name) for name in self._inputs})
        # The request keeps the memory and writes the next answer into it.
        return np.array(outputs[0], dtype=np.float32)

    def close(self) -> None:
        """Free the compiled model's memory."""
        self._requests = threading.local()
        del self._compiled


def _openvino() -> Any:
    try:
        import openvino
    except ImportError as err:
        raise MissingExtra("OpenVINO is not installed: pip install 'outrider[openvino]'") from err
    return openvino

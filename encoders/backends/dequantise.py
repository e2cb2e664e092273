"""Float weights out of a graph whose linear layers were quantised to 8 bits: to train on, or to run in other numerics.

Understands the graphs that torch exports and ONNX Runtime's dynamic quantisation rewrites: a weight keeps its own name
or hides behind a number, and then the multiplication's name is the path of its module.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import NotAModel

_SUFFIX = "_quantized"


def float_weights(graph: Path) -> dict[str, npt.NDArray[np.float32]]:
    """float32 tensors by the names of the model's modules, linear weights as torch stores them: (out, in).

    A weight comes back with the rounding to 8 bits that it went through. Raises NotAModel for a graph without any.
    """
    import onnx
    from onnx import numpy_helper

    content = onnx.load(graph).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in content.initializer}
    found = {
        name: array.astype(np.float32) for name, array in stored.items() if array.dtype == np.float32 and "." in name
    }
    found = {name: array for name, array in found.items() if not name.endswith(("_scale", "_zero_point"))}
    for node in content.node:
        for name in node.input:
            if name.endswith(_SUFFIX) and name in stored:
                weight = _dequantised(stored, name.removesuffix(_SUFFIX))
                is_product = node.op_type == "MatMulInteger"
                found[_module(node.name) if is_product else name.removesuffix(_SUFFIX)] = (
                    weight.T if is_product else weight
                )
    if not any(name.endswith(".weight") for name in found):
        raise NotAModel(f"{str(graph)!r} holds no weights that were quantised; give a dynamically quantised graph")
    return {name: np.ascontiguousarray(array) for name, array in found.items()}


def write_float_folder(folder: Path, target: Path, config: dict[str, Any], graph: str = "model.onnx") -> Path:
    """A folder that transformers opens: float weights of the graph, its tokenizer, and `config` as config.json."""
    from safetensors.numpy import save_file

    target.mkdir(parents=True, exist_ok=True)
    save_file(float_weights(folder / graph), target / "model.safetensors", {"format": "pt"})
    (target / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    for path in _tokenizer_files(folder):
        shutil.copy(path, target / path.name)
    return target


def _tokenizer_files(folder: Path) -> Iterator[Path]:
    for pattern in ("tokenizer*", "vocab*", "special_tokens_map.json", "merges.txt", "*.model"):
        yield from folder.glob(pattern)


def _dequantised(stored: dict[str, npt.NDArray[Any]], name: str) -> npt.NDArray[np.float32]:
    scale, zero = stored[f"{name}_scale"], stored[f"{name}_zero_point"]
    values = stored[f"{name}{_SUFFIX}"].astype(np.float32)
    return np.asarray((values - zero.astype(np.float32)) * scale, dtype=np.float32)


def _module(node: str) -> str:
    # "/bert/pooler/dense/Gemm_MatMul_quant" multiplies by "bert.pooler.dense.weight".
    return ".".join(node.strip("/").split("/")[:-1]) + ".weight"

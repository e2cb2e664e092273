"""Smaller and faster ONNX graphs of a model that runs on ONNX Runtime, beside its own graph."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import WrongBackend
from .onnx_model import FOLDER, OnnxModel


@dataclass(frozen=True)
class _Instructions:
    """How int8 is laid out for a family of processors."""

    file_suffix: str
    signed: bool
    # Processors without VNNI add pairs of products in 16 bits, which 8-bit weights overflow.
    reduce_range: bool


_QUANTISED = {
    "arm64": _Instructions("qint8_arm64", signed=True, reduce_range=False),
    "avx2": _Instructions("quint8_avx2", signed=False, reduce_range=True),
    "avx512": _Instructions("qint8_avx512", signed=True, reduce_range=True),
    "avx512_vnni": _Instructions("qint8_avx512_vnni", signed=True, reduce_range=False),
}
# Level of ONNX Runtime's own passes; whether attention, GELU and layer norms are fused; approximate GELU; fp16.
_OPTIMISED = {
    "O1": (1, False, False, False),
    "O2": (2, True, False, False),
    "O3": (2, True, True, False),
    "O4": (2, True, True, True),
}


def export_dynamic_quantized_onnx_model(
    model: Any,
    quantization_config: str,
    model_name_or_path: str,
    push_to_hub: bool = False,
    create_pr: bool = False,
    file_suffix: str | None = None,
) -> None:
    """Write onnx/model_<suffix>.onnx with int8 weights, for arm64, avx2, avx512 or avx512_vnni.

    `model_name_or_path` is the folder to write to, or the hub repository with `push_to_hub`.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    if quantization_config not in _QUANTISED:
        raise ValueError(f"quantization_config is {quantization_config!r}; use one of {', '.join(_QUANTISED)}")
    chosen = _QUANTISED[quantization_config]
    source = _graph_of(model)
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / f"model_{file_suffix or chosen.file_suffix}.onnx"
        quantize_dynamic(
            source,
            target,
            weight_type=QuantType.QInt8 if chosen.signed else QuantType.QUInt8,
            reduce_range=chosen.reduce_range,
        )
        _deliver(target, model_name_or_path, push_to_hub=push_to_hub, create_pr=create_pr)


def export_optimized_onnx_model(
    model: Any,
    optimization_config: str,
    model_name_or_path: str,
    push_to_hub: bool = False,
    create_pr: bool = False,
    file_suffix: str | None = None,
) -> None:
    """Write onnx/model_<suffix>.onnx with its graph fused: O1, O2, O3 (approximate GELU) or O4 (and fp16, for GPUs)."""
    from onnxruntime.transformers.fusion_options import FusionOptions
    from onnxruntime.transformers.optimizer import optimize_model

    if optimization_config not in _OPTIMISED:
        raise ValueError(f"optimization_config is {optimization_config!r}; use one of {', '.join(_OPTIMISED)}")
    level, fuses, approximates, halves = _OPTIMISED[optimization_config]
    source = _graph_of(model)
    options = FusionOptions("bert")
    options.enable_gelu_approximation = approximates
    config = model.transformers_model.config
    optimised = optimize_model(
        str(source),
        model_type="bert",
        num_heads=getattr(config, "num_attention_heads", 0),
        hidden_size=getattr(config, "hidden_size", 0),
        optimization_options=options,
        opt_level=level,
        only_onnxruntime=not fuses,
    )
    if halves:
        optimised.convert_float_to_float16(keep_io_types=True)
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / f"model_{file_suffix or optimization_config}.onnx"
        optimised.save_model_to_file(str(target))
        _deliver(target, model_name_or_path, push_to_hub=push_to_hub, create_pr=create_pr)


def _graph_of(model: Any) -> Path:
    backbone = model.transformers_model
    if not isinstance(backbone, OnnxModel):
        raise WrongBackend("only a model that runs on ONNX Runtime can be exported; load it with backend='onnx'")
    return backbone.path


def _deliver(graph: Path, destination: str, *, push_to_hub: bool, create_pr: bool) -> None:
    if push_to_hub:
        from huggingface_hub import HfApi

        HfApi().upload_file(
            path_or_fileobj=str(graph),
            path_in_repo=f"{FOLDER}/{graph.name}",
            repo_id=destination,
            commit_message=f"Add {graph.name}",
            create_pr=create_pr,
        )
        return
    folder = Path(destination) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / graph.name).write_bytes(graph.read_bytes())

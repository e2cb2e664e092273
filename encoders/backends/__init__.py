"""What runs a transformer: torch, ONNX Runtime or OpenVINO. All three answer like a transformers model."""

from typing import Any

from ..errors import WrongBackend
from ..peft_mixin import has_adapters

BACKENDS = ("torch", "onnx", "openvino")


def load_backbone(folder: str, task: str, backend: str, model_args: dict[str, Any], config_args: dict[str, Any]) -> Any:
    """The model in `folder`, ready to be called with input_ids and attention_mask."""
    if backend == "torch":
        from .torch_model import load_torch

        return load_torch(folder, task, model_args, config_args)
    if task == "text-generation":
        raise WrongBackend(f"the language model in {folder!r} runs on torch, not with backend={backend!r}")
    if backend == "onnx":
        from .onnx_model import load_onnx

        return load_onnx(folder, task, model_args, config_args)
    if backend == "openvino":
        from .openvino_model import load_openvino

        return load_openvino(folder, task, model_args, config_args)
    raise ValueError(f"backend {backend!r} is not known; use one of {', '.join(BACKENDS)}")


def save_backbone(model: Any, output_path: str, safe_serialization: bool) -> None:
    """Write weights and configuration, each backend in its own files; of a model with an adapter, the adapter."""
    if safe_serialization or not hasattr(model, "state_dict") or has_adapters(model):
        model.save_pretrained(output_path)
        return
    from .torch_model import save_as_pickle

    save_as_pickle(model, output_path)

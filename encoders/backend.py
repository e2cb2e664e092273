"""What runs a transformer and how its graph is written, under the names that user code imports them by."""

from typing import Any

from .lazy import on_first_use

_NAMES = {
    "export_dynamic_quantized_onnx_model": ".backends.quantise",
    "export_optimized_onnx_model": ".backends.quantise",
    "export_static_quantized_openvino_model": ".backends.quantise_openvino",
}


def load_onnx_model(model_name_or_path: str, config: Any, task_name: str, **model_kwargs: Any) -> Any:
    """The ONNX graph of a folder or hub repository; exported where there is none."""
    return _load("onnx", model_name_or_path, config, task_name, model_kwargs)


def load_openvino_model(model_name_or_path: str, config: Any, task_name: str, **model_kwargs: Any) -> Any:
    """The OpenVINO graph of a folder or hub repository; converted where there is none."""
    return _load("openvino", model_name_or_path, config, task_name, model_kwargs)


def _load(backend: str, name: str, config: Any, task: str, model_kwargs: dict[str, Any]) -> Any:
    from .backends import load_backbone
    from .sources import resolve

    model = load_backbone(str(resolve(name)), task, backend, model_kwargs, {})
    if config is not None:
        model.config = config
    return model


__getattr__, _ = on_first_use(__name__, _NAMES)

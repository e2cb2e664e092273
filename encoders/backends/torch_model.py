"""Transformers models on torch."""

from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
)

from ..errors import WrongBackend
from .config import load_config

_AUTO_CLASSES = {
    "feature-extraction": AutoModel,
    "fill-mask": AutoModelForMaskedLM,
    "text-classification": AutoModelForSequenceClassification,
    "text-generation": AutoModelForCausalLM,
}
# Of encoder-decoder families only the encoder embeds.
_ENCODERS_OF = {"t5": "T5EncoderModel", "mt5": "MT5EncoderModel", "t5gemma": "T5GemmaEncoderModel"}
_WEIGHTS = ("*.safetensors", "*.bin", "*.safetensors.index.json", "*.bin.index.json")


def load_torch(folder: str, task: str, model_args: dict[str, Any], config_args: dict[str, Any]) -> Any:
    """The model of this task with its weights."""
    refuse_foreign_weights(folder)
    config = model_args.pop("config", None) or load_config(folder, config_args)
    if task == "text-classification" and "num_labels" not in config_args and not _is_classifier(config):
        config.num_labels = 1
    return _auto_class(config, task).from_pretrained(folder, config=config, **model_args)


def refuse_foreign_weights(folder: str) -> None:
    """Say so where the folder only has weights of another backend."""
    root = Path(folder)
    if any(True for pattern in _WEIGHTS for _ in root.glob(pattern)):
        return
    if next(root.glob("*.onnx"), None) or next(root.glob("onnx/*.onnx"), None):
        raise WrongBackend(
            f"the model in {folder!r} has ONNX weights only, which torch cannot run; load it with backend='onnx'"
        )
    if next(root.glob("openvino/*.xml"), None):
        raise WrongBackend(
            f"the model in {folder!r} has OpenVINO weights only, which torch cannot run; "
            "load it with backend='openvino'"
        )


def save_as_pickle(model: Any, output_path: str) -> None:
    """The older weight file, for tools that cannot read safetensors."""
    Path(output_path).mkdir(parents=True, exist_ok=True)
    model.config.save_pretrained(output_path)
    torch.save(model.state_dict(), Path(output_path) / "pytorch_model.bin")


def _auto_class(config: Any, task: str) -> Any:
    encoder = _ENCODERS_OF.get(config.model_type)
    if task != "feature-extraction" or encoder is None:
        return _AUTO_CLASSES[task]
    import transformers

    return getattr(transformers, encoder)


def _is_classifier(config: Any) -> bool:
    return any(name.endswith("ForSequenceClassification") for name in config.architectures or ())

"""A torch model as an ONNX graph, made once and kept."""

import atexit
import functools
import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .torch_model import load_torch

logger = logging.getLogger(__name__)

_OPSET = 18


class _Positional(nn.Module):
    """The exporter passes arguments by position; transformers wants names."""

    def __init__(self, model: Any, names: list[str]) -> None:
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *values: Tensor) -> Any:
        return self.model(**dict(zip(self.names, values, strict=True)), return_dict=True)[0]


def export_to_cache(folder: str, task: str, model_args: dict[str, Any], config_args: dict[str, Any]) -> Path:
    """Export the folder's torch model into a temporary folder that lives as long as the process."""
    keywords = {key: value for key, value in model_args.items() if key not in _BACKEND_KEYWORDS}
    model = load_torch(folder, task, keywords, dict(config_args))
    target = Path(tempfile.mkdtemp(dir=_scratch())) / "model.onnx"
    export(model, task, target)
    logger.warning(
        "The model in %s has no ONNX graph, so one was exported; save the model once "
        "(model.save_pretrained) to spare this at every start.",
        folder,
    )
    return target


@functools.cache
def _scratch() -> str:
    """One folder for all exports of this process, removed when it ends: copies of a model share the file."""
    folder = tempfile.mkdtemp(prefix="outrider-onnx-")
    owner = os.getpid()
    # A forked worker runs the same exit handlers, and must leave the folder to its parent.

    def remove() -> None:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


_BACKEND_KEYWORDS = {
    "export",
    "file_name",
    "subfolder",
    "provider",
    "providers",
    "session_options",
    "provider_options",
    "ov_config",
    "device",
}


def export(model: Any, task: str, path: Path) -> None:
    """Write the graph of a transformers model, with free batch size and length."""
    model = model.eval().float().cpu()
    names = ["input_ids", "attention_mask"]
    if getattr(model.config, "type_vocab_size", 0) > 1:
        names.append("token_type_ids")
    sample = torch.ones(2, 8, dtype=torch.long)
    values = tuple(torch.zeros_like(sample) if name == "token_type_ids" else sample for name in names)
    output = "last_hidden_state" if task == "feature-extraction" else "logits"
    axes = {name: {0: "batch", 1: "tokens"} for name in names}
    axes[output] = {0: "batch"} if task == "text-classification" else {0: "batch", 1: "tokens"}
    with warnings.catch_warnings():
        # The tracer warns of every Python branch, and of being the older of torch's two exporters; the newer one
        # needs a package more.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Positional(model, names),
            values,
            path,
            input_names=names,
            output_names=[output],
            dynamic_axes=axes,
            dynamo=False,
            opset_version=_OPSET,
        )

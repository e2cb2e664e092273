"""Writing a model's folder."""

import logging
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn

from . import folder
from .dotted import dotted_name
from .encoder import Encoder

logger = logging.getLogger(__name__)


def save_pipeline(model: Encoder, path: str, *, safe_serialization: bool) -> Path:
    """Write modules.json, the settings, and each module in its own folder (the first one in the root)."""
    target = Path(path)
    target.mkdir(parents=True, exist_ok=True)
    logger.info("Saving the model to %s", target)
    folder.write_settings(target, settings(model))
    entries = []
    for index, (name, module) in enumerate(model.named_children()):
        subfolder = "" if index == 0 and getattr(module, "save_in_root", False) else f"{index}_{type(module).__name__}"
        _save_module(module, target / subfolder, safe_serialization)
        kwargs = tuple(model.module_kwargs.get(name, ()))
        entries.append(folder.ModuleEntry(name, subfolder, folder.type_name(type(module)), kwargs))
    folder.write_modules(target, entries)
    return target


def settings(model: Encoder) -> dict[str, Any]:
    """What config_sentence_transformers.json says."""
    return {
        "model_type": model.kind,
        "__version__": {
            "sentence_transformers": folder.FORMAT_VERSION,
            "transformers": transformers.__version__,
            "pytorch": torch.__version__,
        },
        "prompts": model.prompts,
        "default_prompt_name": model.default_prompt_name,
        **model.own_settings(),
    }


def _save_module(module: nn.Module, path: Path, safe_serialization: bool) -> None:
    save = getattr(module, "save", None)
    if save is None:
        raise TypeError(f"the module {dotted_name(module)} cannot be saved: give it a save(output_path) method")
    path.mkdir(parents=True, exist_ok=True)
    try:
        save(str(path), safe_serialization=safe_serialization)
    except TypeError as err:
        if "safe_serialization" not in str(err):
            raise
        save(str(path))

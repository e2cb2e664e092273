"""Writing a model in training, and reading it back."""

import errno
import os
from typing import Any

import torch
from safetensors import SafetensorError

from .errors import TrainingError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SAID = ("No space left", "quota exceeded", "File too large")


def save(model: Any, args: Any, folder: str, step: int) -> None:
    """The model and its arguments. Raises TrainingError on a full disk."""
    try:
        model.save_pretrained(folder, safe_serialization=getattr(args, "save_safetensors", True))
        torch.save(args, os.path.join(folder, "training_args.bin"))
    except (OSError, SafetensorError, RuntimeError) as err:
        raise_if_full(err, folder, step)
        raise


def raise_if_full(err: Exception, folder: str, step: int) -> None:
    """Raises TrainingError if the error says that the disk takes no more."""
    # safetensors and torch only put the system's words into theirs.
    if getattr(err, "errno", None) in _FULL or any(words in str(err) for words in _SAID):
        raise TrainingError(
            f"the disk is full: the model could not be saved to {folder!r} at step {step}; "
            "free some space, or set save_total_limit, and resume from the last whole checkpoint"
        ) from err


def load(model: Any, folder: str) -> None:
    """Put the weights saved in a folder into the model."""
    saved = type(model)(folder, device="cpu", trust_remote_code=model.trust_remote_code)
    model.load_state_dict(saved.state_dict())

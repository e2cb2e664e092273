"""Writing a model in training, and reading it back."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from .errors import TrainingError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# "unexpected pos" is torch's word for fewer bytes written than it gave.
_SAID = ("No space left", "quota exceeded", "File too large", "unexpected pos", "file write failed")


def save(model: Any, args: Any, folder: str) -> None:
    """The model and its arguments."""
    model.save_pretrained(folder, safe_serialization=getattr(args, "save_safetensors", True))
    torch.save(args, os.path.join(folder, "training_args.bin"))


@contextmanager
def told_if_full(folder: str, step: int) -> Iterator[None]:
    """Raises TrainingError where the block ends because the disk takes no more."""
    try:
        yield
    except (OSError, SafetensorError, RuntimeError) as err:
        # safetensors and torch only put the system's words into theirs.
        if getattr(err, "errno", None) in _FULL or any(words in str(err) for words in _SAID):
            raise TrainingError(
                f"the disk is full: the model could not be saved to {folder!r} at step {step}; "
                "free some space, or set save_total_limit, and resume from the last whole checkpoint"
            ) from err
        raise


def last_checkpoint(folder: str | Path) -> str | None:
    """The newest checkpoint in a folder that was written to its end; None if there is none."""
    # The state of the run is what the trainer writes last.
    found = [path for path in Path(folder).glob("checkpoint-*") if _is_json(path / "trainer_state.json")]
    return str(max(found, key=lambda path: int(path.name.rpartition("-")[2]))) if found else None


def _is_json(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return False


def load(model: Any, folder: str) -> None:
    """Put the weights saved in a folder into the model."""
    saved = type(model)(folder, device="cpu", trust_remote_code=model.trust_remote_code)
    model.load_state_dict(saved.state_dict())

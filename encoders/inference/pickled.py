"""Weights in torch's own format, tensors only: nothing else that a pickle can hold is loaded."""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from ..errors import MissingExtra, ModelCorrupt


def tensors_of_pickle(path: Path, device: str = "cpu") -> dict[str, Any]:
    """The file's tensors by name, on this device of torch."""
    try:
        import torch
    except ImportError as err:
        raise MissingExtra(f"{str(path)!r} is read by torch only: pip install 'outrider[torch]'") from err
    try:
        return dict(torch.load(path, map_location=device, weights_only=True).items())
    except (UnpicklingError, RuntimeError, EOFError, AttributeError) as err:
        raise ModelCorrupt(
            f"{str(path)!r} is not a file of tensors alone, and nothing else is loaded ({type(err).__name__})"
        ) from err

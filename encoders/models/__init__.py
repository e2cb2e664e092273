"""The modules of dense models, under the name that user code imports them by."""

from typing import Any

from ..lazy import on_first_use
from ..modules import MODULES
from ..renames import warn_renamed

_get, __dir__ = on_first_use(__name__, {name: f".modules.{module}" for name, module in MODULES.items()})


def __getattr__(name: str) -> Any:
    if name == "Asym":
        warn_renamed("models", "Asym", "Router")
        name = "Router"
    return _get(name)

"""The modules of dense models, under the name that user code imports them by."""

from typing import Any

from .. import modules
from ..renames import warn_renamed


def __getattr__(name: str) -> Any:
    if name == "Asym":
        warn_renamed("models", "Asym", "Router")
        name = "Router"
    if name not in modules.MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__dir__())}")
    return getattr(modules, name)


def __dir__() -> list[str]:
    return sorted([*modules.MODULES, "Asym"])

"""Module paths of old: `losses.CoSENTLoss.CoSENTLoss`, from when each class had a file named like it."""

import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from .renames import warn_renamed


class _OldModule(ModuleType):
    """Gives a name of the package that it is in, and says so."""

    def __getattr__(self, name: str) -> Any:
        package = sys.modules[self.__name__.rpartition(".")[0]]
        if name.startswith("__") or not hasattr(package, name):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        warn_renamed("import", f"{self.__name__}.{name}", f"{package.__name__}.{name}")
        return getattr(package, name)


def register(package: str, names: Iterable[str]) -> None:
    """Let `from package.Name import Name` find what `from package import Name` finds.

    The modules are only put where the import system looks first: as attributes of the package they would hide the
    classes whose names they have.
    """
    for name in names:
        sys.modules.setdefault(f"{package}.{name}", _OldModule(f"{package}.{name}"))

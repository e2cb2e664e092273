"""Names of a package that load on first use, so that importing it costs nothing."""

import importlib
from collections.abc import Callable, Collection, Mapping
from typing import Any


def on_first_use(
    package: str, names: Mapping[str, str], modules: Collection[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package.

    `names` are in the submodules given (".one" is a module beside the package), `modules` are submodules themselves.
    """

    def get(name: str) -> Any:
        if name == "__all__":
            return sorted(names)
        if name in modules:
            return importlib.import_module(f".{name}", package)
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}; it has {', '.join(listed())}")
        return getattr(importlib.import_module(f".{names[name]}", package), name)

    def listed() -> list[str]:
        return sorted({*names, *modules})

    return get, listed

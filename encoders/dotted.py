"""Classes by dotted name, as model folders keep them."""

import importlib
from typing import Any

from .errors import UntrustedCode


def dotted_name(thing: Any) -> str:
    """The name under which a class, or the class of an object, can be imported."""
    cls = thing if isinstance(thing, type) or hasattr(thing, "__qualname__") else type(thing)
    module = cls.__module__
    return cls.__qualname__ if module in (None, "builtins") else f"{module}.{cls.__qualname__}"


def import_dotted(name: str, *, trusted: bool = True) -> Any:
    """Import `package.module.Name`.

    Raises UntrustedCode for anything outside torch unless `trusted`, ImportError if there is no such name.
    """
    if not trusted and not name.startswith("torch."):
        raise UntrustedCode(
            f"the model names {name!r}, which is code from outside torch; "
            "read it, then load the model with trust_remote_code=True"
        )
    module, _, attribute = name.rpartition(".")
    if not module:
        raise ImportError(f"{name!r} is no dotted name; expected 'package.module.Name'")
    found = importlib.import_module(module)
    if not hasattr(found, attribute):
        raise ImportError(f"module {module!r} has no {attribute!r}")
    return getattr(found, attribute)

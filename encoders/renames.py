"""Keywords with two names: what was renamed warns at the caller's line, what 6.x calls differently is just taken."""

import functools
import warnings
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def warn_renamed(owner: str, old: str, new: str | None, *, stacklevel: int = 3) -> None:
    """Say once, at the line of the caller's caller, what `old` is called today (None: it has no effect any more)."""
    cure = f"use {new!r} instead" if new else "leave it out, it has no effect"
    warnings.warn(f"{owner}: {old!r} is deprecated; {cure}", DeprecationWarning, stacklevel=stacklevel)


def keywords(
    *,
    old: Mapping[str, str | None] | None = None,
    newer: Mapping[str, str] | None = None,
    nested: Mapping[str, str] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Accept `old` keywords with a DeprecationWarning and `newer` ones in silence, both under our own name.

    `nested` ones are old, too: they became entries of a dictionary argument (keyword -> that argument).
    """
    retired, aliases, entries = dict(old or {}), dict(newer or {}), dict(nested or {})

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        owner = function.__qualname__.removesuffix(".__init__")

        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            given: dict[str, Any] = kwargs
            for name in [name for name in given if name in entries]:
                warn_renamed(owner, name, f"{entries[name]}={{{name!r}: ...}}")
                given[entries[name]] = {**(given.get(entries[name]) or {}), name: given.pop(name)}
            for name in [name for name in given if name in retired or name in aliases]:
                value = given.pop(name)
                new = retired[name] if name in retired else aliases[name]
                if name in retired:
                    warn_renamed(owner, name, new)
                if new is None:
                    continue
                if new in given:
                    raise TypeError(f"{owner} was given both {name!r} and {new!r}, which are the same; give {new!r}")
                given[new] = value
            return function(*args, **kwargs)

        return wrapper

    return decorate

"""One text or many."""

from collections.abc import Mapping
from typing import Any


def as_list(inputs: Any) -> tuple[list[Any], bool]:
    """The inputs as a list, and whether a single one was given."""
    if isinstance(inputs, (str, Mapping)) or not hasattr(inputs, "__len__"):
        return [inputs], True
    return list(inputs), False

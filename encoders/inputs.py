"""One text or many, one pair or many."""

from collections.abc import Mapping
from typing import Any


def as_list(inputs: Any) -> tuple[list[Any], bool]:
    """The inputs as a list, and whether a single one was given."""
    if isinstance(inputs, (str, Mapping)) or not hasattr(inputs, "__len__"):
        return [inputs], True
    return list(inputs), False


def as_pairs(inputs: Any) -> tuple[list[Any], bool]:
    """The pairs as a list, and whether a single one was given. Raises for what is no pair of two texts."""
    if isinstance(inputs, str):
        raise TypeError(f"pairs of texts are scored, this is one text: {inputs!r:.80}")
    is_single = len(inputs) > 0 and isinstance(inputs[0], str)
    pairs = [inputs] if is_single else list(inputs)
    if (wrong := next((i for i, pair in enumerate(pairs) if len(pair) != 2), None)) is not None:
        raise ValueError(f"pair {wrong} has {len(pairs[wrong])} texts, a pair has two: {pairs[wrong]!r:.80}")
    return pairs, is_single

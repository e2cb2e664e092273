"""Texts in requests of bounded size."""

from collections.abc import Iterator, Sequence

_LONGEST_PART = 200_000


def groups(texts: Sequence[str], most: int) -> Iterator[list[tuple[int, int, str]]]:
    """Texts in requests of bounded size, long ones in several parts: (place of the text, start in it, part)."""
    group: list[tuple[int, int, str]] = []
    chars = 0
    for place, text in enumerate(texts):
        for start, part in _parts(text):
            if group and (len(group) == most or chars + len(part) > _LONGEST_PART):
                yield group
                group, chars = [], 0
            group.append((place, start, part))
            chars += len(part)
    if group:
        yield group


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """A text in parts that a request has room for, cut at white space where there is some; each with its start."""
    start = 0
    while len(text) - start > _LONGEST_PART:
        stop = max(text.rfind(" ", start, start + _LONGEST_PART), text.rfind("\n", start, start + _LONGEST_PART))
        stop = stop if stop > start else start + _LONGEST_PART
        yield start, text[start:stop]
        start = stop
    yield start, text[start:]

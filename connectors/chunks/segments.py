"""Where a text may be cut: its sentences, paragraphs, Markdown sections and code blocks.

Each function gives ranges that follow one another and together are the whole text.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from .chunking import Boundary, Chunk

Cuts = Callable[[str], Iterable[int]]

# Behind a full stop and whatever closes with it, before white space; a CJK full stop needs none.
_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+|(?<=[。！？])[”’」』）]*\s*|\n\s*\n\s*")
_ABBREVIATION = re.compile(r"(?:\b(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|vs|cf|al|etc|e\.g|i\.e|z\.B|No|Nr|Fig|Vol|pp?))\.$")
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_LINE = re.compile(r"\n")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}#{1,6}(?:[ \t]|$)|^(?=\S[^\n]*\n {0,3}(?:=+|-{2,})[ \t]*$)", re.MULTILINE)


def sentence_cuts(text: str) -> Iterable[int]:
    """Where sentences begin. An initial or a common abbreviation ends none."""
    for match in _SENTENCE.finditer(text):
        if "\n" in match.group() or not _ABBREVIATION.search(text, max(0, match.start() - 8), match.start()):
            yield match.end()


def paragraph_cuts(text: str) -> Iterable[int]:
    """Where paragraphs begin: behind empty lines, never inside a fenced code block."""
    fences = fenced(text)
    return (match.end() for match in _PARAGRAPH.finditer(text) if not _is_inside(match.end(), fences))


def line_cuts(text: str) -> Iterable[int]:
    return (match.end() for match in _LINE.finditer(text))


def heading_cuts(text: str) -> Iterable[int]:
    """Where Markdown sections begin, each with its heading."""
    fences = fenced(text)
    return (match.start() for match in _HEADING.finditer(text) if not _is_inside(match.start(), fences))


def code_cuts(text: str) -> Iterable[int]:
    """Where fenced code blocks begin and end."""
    return (place for block in fenced(text) for place in (block.start, block.stop))


def fenced(text: str) -> Sequence[Chunk]:
    """The fenced code blocks, fences included; one that is never closed goes to the end (CommonMark 4.5)."""
    blocks: list[Chunk] = []
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        mark, rest = fence.groups()
        if opened is None:
            opened = None if mark[0] == "`" and "`" in rest else fence
        elif mark[0] == opened.group(1)[0] and len(mark) >= len(opened.group(1)) and not rest.strip():
            blocks.append(Chunk(opened.start(), min(fence.end() + 1, len(text))))
            opened = None
    if opened is not None:
        blocks.append(Chunk(opened.start(), len(text)))
    return blocks


# From coarse to fine. Nothing goes across the first kind of boundary where it is a hard one.
FINER: Mapping[Boundary, tuple[Cuts, ...]] = {
    "tokens": (),
    "sentence": (sentence_cuts,),
    "paragraph": (paragraph_cuts, sentence_cuts),
    "heading": (heading_cuts, paragraph_cuts, sentence_cuts),
    "code": (code_cuts, paragraph_cuts, line_cuts),
}
HARD: frozenset[Boundary] = frozenset(("heading", "code"))


def segments(text: str, within: Chunk, cuts: Cuts) -> list[Chunk]:
    """The parts of a range that `cuts` makes."""
    inside = text[within.start : within.stop]
    places = sorted({0, len(inside), *(place for place in cuts(inside) if 0 < place < len(inside))})
    return [Chunk(within.start + start, within.start + stop) for start, stop in pairwise(places)]


def _is_inside(place: int, blocks: Sequence[Chunk]) -> bool:
    before = bisect_left(blocks, place, key=lambda block: block.start)
    return before > 0 and place < blocks[before - 1].stop

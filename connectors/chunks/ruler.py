"""A text measured in a model's tokens."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import chain

from .chunking import Chunk

Span = tuple[int, int]


class Ruler:
    """Counts the tokens of ranges, and cuts ranges by number of tokens."""

    def __init__(self, text: str, spans: Sequence[Span]) -> None:
        self.text = text
        # A character that is several tokens gives them all the same place; empty ones stand nowhere.
        self._starts = [start for start, stop in spans if stop > start]
        self._stops = [stop for start, stop in spans if stop > start]

    def tokens(self, part: Chunk) -> int:
        """How many tokens begin in a range."""
        return bisect_left(self._starts, part.stop) - bisect_left(self._starts, part.start)

    def windows(self, part: Chunk, size: int, overlap: int) -> list[Chunk]:
        """Ranges of at most `size` tokens that cover a range, cut between words where that is possible.

        One token more only where a single character has more than `size` of them.
        """
        first, last = bisect_left(self._starts, part.start), bisect_left(self._starts, part.stop)
        chunks: list[Chunk] = []
        begin, start = first, part.start
        while last - begin > size:
            end = self._cut(begin, size, last)
            chunks.append(Chunk(start, self._starts[end] if end < last else part.stop))
            if end >= last:
                return chunks
            begin = self._resumed(begin, end, overlap)
            start = self._starts[begin]
        return [*chunks, Chunk(start, part.stop)]

    def _cut(self, begin: int, size: int, last: int) -> int:
        """The last token in the second half that begins a word; else the last that begins cleanly; else the next."""
        end = begin + size
        words = (place for place in range(end, begin + max(1, size // 2) - 1, -1) if self._begins_word(place))
        clean = (place for place in range(end, begin, -1) if self._is_clean(place))
        later = (place for place in range(end + 1, last) if self._is_clean(place))
        return next(chain(words, clean, later), last)

    def _resumed(self, begin: int, end: int, overlap: int) -> int:
        """Where the next window begins: up to `overlap` tokens back, at a word."""
        candidates = range(max(end - overlap, begin + 1), end)
        return next((place for place in candidates if self._begins_word(place)), end)

    def _begins_word(self, place: int) -> bool:
        return self._is_clean(place) and self.text[self._starts[place] - 1 : self._starts[place]].isspace()

    def _is_clean(self, place: int) -> bool:
        """Whether no token reaches across."""
        return place > 0 and self._stops[place - 1] <= self._starts[place]

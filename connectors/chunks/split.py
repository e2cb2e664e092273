"""A text into chunks that cover it."""

from collections.abc import Sequence

from ..text import BLANK
from .chunking import Boundary, Chunk
from .ruler import Ruler, Span
from .segments import FINER, HARD, Cuts, segments


def split(text: str, spans: Sequence[Span], size: int, *, by: Boundary = "sentence", overlap: int = 0) -> list[Chunk]:
    """Chunks of at most `size` tokens, in order, that hold every character of the text but blanks.

    `spans` are the places of the text's tokens. A chunk begins with up to `overlap` tokens of the one before.
    """
    ruler = Ruler(text, spans)
    cuts = FINER[by]
    whole = Chunk(0, len(text))
    if by in HARD:
        parts = segments(text, whole, cuts[0])
        chunks = [chunk for part in parts for chunk in _packed(ruler, part, cuts[1:], size, overlap)]
    else:
        chunks = _packed(ruler, whole, cuts, size, overlap)
    return [chunk for chunk in chunks if text[chunk.start : chunk.stop].strip(BLANK)]


def _packed(ruler: Ruler, part: Chunk, cuts: Sequence[Cuts], size: int, overlap: int) -> list[Chunk]:
    """As many pieces in a chunk as have room together."""
    if ruler.tokens(part) <= size:
        return [part]
    if not cuts:
        return ruler.windows(part, size, overlap)
    chunks: list[Chunk] = []
    begun: list[Chunk] = []
    for piece in _pieces(ruler, part, cuts, size, overlap):
        if begun and ruler.tokens(Chunk(begun[0].start, piece.stop)) > size:
            chunks.append(Chunk(begun[0].start, begun[-1].stop))
            begun = _repeated(ruler, begun, piece, size, overlap)
        begun.append(piece)
    return [*chunks, Chunk(begun[0].start, begun[-1].stop)]


def _pieces(ruler: Ruler, part: Chunk, cuts: Sequence[Cuts], size: int, overlap: int) -> list[Chunk]:
    """The segments of a part, each small enough for a chunk: a longer one is cut at finer boundaries.

    Cut at words in the end, so small that they can be repeated.
    """
    if ruler.tokens(part) <= size:
        return [part]
    if not cuts:
        return ruler.windows(part, overlap or size, 0)
    found = segments(ruler.text, part, cuts[0])
    return [piece for segment in found for piece in _pieces(ruler, segment, cuts[1:], size, overlap)]


def _repeated(ruler: Ruler, before: list[Chunk], piece: Chunk, size: int, overlap: int) -> list[Chunk]:
    """The last pieces of a chunk that the next one begins with: whole ones, within `overlap`, with room for `piece`."""
    repeated: list[Chunk] = []
    for each in reversed(before[1:]):
        start = Chunk(each.start, before[-1].stop)
        if ruler.tokens(start) > overlap or ruler.tokens(Chunk(each.start, piece.stop)) > size:
            break
        repeated.insert(0, each)
    return repeated

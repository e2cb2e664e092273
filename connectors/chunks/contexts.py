"""What a model reads at once so that the chunks of a long text know what stands around them."""

from collections.abc import Iterator, Sequence

from .chunking import Chunk
from .ruler import Ruler, Span

# The share of what a model reads that is there for the chunks behind it, and was encoded before.
_LEAD = 4


def contexts(text: str, spans: Sequence[Span], chunks: Sequence[Chunk], room: int) -> list[tuple[Chunk, list[Chunk]]]:
    """Ranges of at most `room` tokens, each with the chunks that are encoded in it: every chunk once, in order.

    A text that fits is one range. In a longer one, a range begins with up to a fourth of chunks of the range before.
    `spans` are the places of the text's tokens.
    """
    return list(_contexts(Ruler(text, spans), chunks, room))


def _contexts(ruler: Ruler, chunks: Sequence[Chunk], room: int) -> Iterator[tuple[Chunk, list[Chunk]]]:
    at = 0
    while at < len(chunks):
        start, end = _start(ruler, chunks, at, room), at + 1
        while end < len(chunks) and ruler.tokens(Chunk(start, chunks[end].stop)) <= room:
            end += 1
        yield Chunk(start, chunks[end - 1].stop), list(chunks[at:end])
        at = end


def _start(ruler: Ruler, chunks: Sequence[Chunk], at: int, room: int) -> int:
    """Where a range begins whose first chunk is `chunks[at]`: as far back as the lead reaches."""
    start = chunks[at].start
    for before in reversed(chunks[:at]):
        lead = ruler.tokens(Chunk(before.start, chunks[at].start))
        if lead > room // _LEAD or ruler.tokens(Chunk(before.start, chunks[at].stop)) > room:
            break
        start = before.start
    return start

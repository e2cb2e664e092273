"""How texts are cut into chunks."""

from dataclasses import dataclass
from typing import Literal, get_args

from ..errors import BadSpec

Boundary = Literal["tokens", "sentence", "paragraph", "heading", "code"]
BOUNDARIES: tuple[Boundary, ...] = get_args(Boundary)
MOST_CHUNKS = 10_000  # index.mapping.nested_objects.limit, by default


@dataclass(frozen=True, slots=True)
class Chunk:
    """A range of a text, in characters."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Chunking:
    """Chunks of at most `size` of the model's own tokens (as many as it reads, unless given).

    `by` is where they are cut: at words (tokens), sentences, paragraphs, Markdown headings or fenced code blocks; what
    is longer than a chunk by itself is cut at the next finer boundary, in the end at words. A chunk begins with up to
    `overlap` tokens of the one before, and is encoded behind the text of the field `title`, which is not cut itself.
    With `late`, the vector of a chunk is made of tokens that have read the whole text, or as much of it as the model
    reads at once. `field` is where chunks are kept. A text of more than `limit` chunks is refused.
    """

    by: Boundary = "sentence"
    size: int | None = None
    overlap: int = 0
    title: str | None = None
    late: bool = False
    field: str = "outrider_chunks"
    limit: int = MOST_CHUNKS

    def __post_init__(self) -> None:
        if self.by not in BOUNDARIES:
            raise BadSpec(f"chunks by {self.by!r} are not known; use {', '.join(BOUNDARIES)}")
        if self.size is not None and self.size < 1:
            raise BadSpec(f"chunks of {self.size} tokens cannot be made; say 1 or more, or leave the size out")
        if self.overlap < 0 or (self.size is not None and self.overlap > self.size // 2):
            raise BadSpec(
                f"an overlap of {self.overlap} tokens does not go with chunks of {self.size}; it may be half at most"
            )
        if not 1 <= self.limit <= MOST_CHUNKS:
            raise BadSpec(f"a limit of {self.limit} chunks is not possible; it must be between 1 and {MOST_CHUNKS}")

"""A document as the passages it is encoded by: all of its text, or chunks of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .chunks import Chunk, Chunking, contexts, split
from .documents import Prepared
from .errors import BadDocument, BadSpec
from .ports import Context, Encoder, Measure
from .spec import IndexSpec
from .text import join_text

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Passage:
    """A range of a document's body in characters, and the text that it is encoded by, title included."""

    start: int
    stop: int
    text: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A document as its passages; and, where they are chunked late, the texts that hold all of them, in order."""

    passages: tuple[Passage, ...]
    contexts: tuple[Context, ...] = ()


def title_and_body(spec: IndexSpec, fields: Mapping[str, Any]) -> tuple[str, str]:
    """The text that stands before each chunk, and the text that is cut. Raises BadDocument."""
    title = spec.chunks.title if spec.chunks else None
    if title is None:
        return "", join_text(fields, spec.text_fields)
    return join_text(fields, (title,)), join_text(fields, [name for name in spec.text_fields if name != title])


def passages_of(spec: IndexSpec, encoder: Encoder, documents: Sequence[Prepared]) -> list[Cut | BadDocument]:
    """The passages of each document; none where it has no text.

    Raises BadSpec where the spec wants chunks and the encoder cannot measure texts.
    """
    if spec.chunks is None:
        return [Cut((Passage(0, len(each.text), each.text),) if each.text else ()) for each in documents]
    if not isinstance(encoder, Measure):
        raise BadSpec(f"index '{spec.index}' keeps chunks, and this encoder does not tell the tokens of a text")
    texts = [title_and_body(spec, each.fields) for each in documents]
    measured = encoder.token_spans([text for pair in texts for text in pair])
    spans = iter(measured.spans)
    return [_cut(spec.chunks, *pair, next(spans), next(spans), measured.room) for pair in texts]


def _cut(
    chunking: Chunking, title: str, body: str, title_spans: Sequence[Span], spans: Sequence[Span], room: int
) -> Cut | BadDocument:
    most = room // 2  # of a title: the rest is for what it is the title of
    if len(title_spans) > most:
        title, title_spans = title[: title_spans[most - 1][1]] if most else "", title_spans[:most]
    left = max(1, room - len(title_spans))
    size = min(chunking.size or left, left)
    chunks = split(body, spans, size, by=chunking.by, overlap=min(chunking.overlap, size // 2))
    if len(chunks) > chunking.limit:
        return BadDocument(
            f"its text makes {len(chunks)} chunks of up to {size} tokens, the limit is {chunking.limit}; "
            f"divide the document"
        )
    if not chunks and title:
        return Cut((Passage(0, 0, title),), (Context(title, ((0, len(title)),)),) if chunking.late else ())
    passages = tuple(passage(title, body, chunk) for chunk in chunks)
    if not chunking.late:
        return Cut(passages)
    return Cut(passages, tuple(_context(title, body, *each) for each in contexts(body, spans, chunks, left)))


def _context(title: str, body: str, whole: Chunk, chunks: Sequence[Chunk]) -> Context:
    """A range of the body behind the title; the first chunk of a document has the title in its own range."""
    lead = f"{title} " if title else ""
    shift = len(lead) - whole.start
    spans = [(chunk.start + shift, chunk.stop + shift) for chunk in chunks]
    if chunks[0].start == whole.start == 0:
        spans[0] = (0, spans[0][1])
    return Context(lead + body[whole.start : whole.stop], tuple(spans))


def passage(title: str, body: str, chunk: Chunk) -> Passage:
    """A chunk behind its title, as it is encoded."""
    return Passage(chunk.start, chunk.stop, join_text({"title": title, "body": body[chunk.start : chunk.stop]}, _BOTH))


_BOTH = ("title", "body")

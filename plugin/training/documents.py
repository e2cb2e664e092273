"""The documents that training and evaluation are about, from a file or a live index."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from outrider.connectors import BadDocument, Unreadable, connect, join_text, read_documents, read_jsonl

from ..errors import CollectionInvalid
from .spec import Documents


@dataclass(frozen=True)
class Passage:
    """A document as models read it, and what it is called."""

    title: str
    text: str


def read_passages(documents: Documents) -> dict[str, Passage]:
    """All documents by id; those without any text are left out. Raises CollectionInvalid."""
    where = f"{str(documents.file)!r}" if documents.file else f"index '{documents.live and documents.live.index}'"
    found: dict[str, Passage] = {}
    for id, fields in islice(_sources(documents), documents.limit):
        try:
            text, title = join_text(fields, documents.text), join_text(fields, (documents.title,))
        except BadDocument as err:
            raise CollectionInvalid(f"{where}, document {id!r}: {err}") from err
        if text:
            found[id] = Passage(title, text.encode("utf-8", "replace").decode())
    if not found:
        raise CollectionInvalid(f"{where} has no document with text in {', '.join(documents.text)}; check the fields")
    return found


def _sources(documents: Documents) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if documents.live:
        cluster = connect(documents.live.url)
        yield from read_documents(cluster, documents.live.index, (documents.title, *documents.text))
    elif documents.file:
        yield from _lines(documents.file)


def _lines(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        for document in read_jsonl(path):
            if isinstance(document, Unreadable):
                raise CollectionInvalid(f"{str(path)!r}: {document.reason}")
            if "_id" not in document.body:
                raise CollectionInvalid(f"{str(path)!r}, line {document.position}: the document has no _id")
            yield str(document.body["_id"]), document.body
    except (OSError, EOFError) as err:
        raise CollectionInvalid(f"{str(path)!r} cannot be read: {getattr(err, 'strerror', None) or err}") from err

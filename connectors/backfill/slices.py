"""One slice of a snapshot, page after page: read, encoded, written back; in a thread here or on another machine."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..client import Cluster
from ..common.scan import page_body, parse_page
from ..index import check_models
from ..ports import Encoder
from ..report import Outcome
from ..spec import IndexSpec
from .follower import Follower, Origin
from .snapshot import Snapshot
from .writer import InPlaceWriter


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice and where in it to begin; values alone, so that it can travel.

    `origin` is the index to read from where another one is filled.
    """

    spec: IndexSpec
    origin: Origin | None
    snapshot: Snapshot
    number: int
    of: int
    after: list[Any] | None
    batch_size: int
    patience_s: float


@dataclass(frozen=True, slots=True)
class PageDone:
    """What became of the documents of a page, and where the slice goes on; None at its end."""

    slice: int
    after: list[Any] | None
    outcomes: list[Outcome]


def work(cluster: Cluster, encoder: Encoder, part: Slice) -> Iterator[PageDone]:
    """The pages of a slice, each when it is written. Raises ConnectorError; the same slice goes on after the last page.

    Positions of outcomes are those in the slice.
    """
    writer = _writer(cluster, encoder, part)
    position = 1
    while True:
        page, after = parse_page(cluster.read("POST", "/_search", _page_body(cluster, part)))
        if after is None:
            yield PageDone(part.number, None, [])
            return
        yield PageDone(part.number, after, writer.rewrite(page, position))
        part, position = replace(part, after=after), position + len(page)


def _writer(cluster: Cluster, encoder: Encoder, part: Slice) -> InPlaceWriter | Follower:
    check_models(part.spec, encoder.models)
    if part.origin is None:
        return InPlaceWriter(cluster, part.spec, encoder, patience_s=part.patience_s)
    return Follower(cluster, part.origin, part.spec, encoder, patience_s=part.patience_s)


def _page_body(cluster: Cluster, part: Slice) -> dict[str, Any]:
    left_out = part.spec.vector_fields if part.origin is None else part.origin.own_fields
    source = cluster.dialect.source_filter(left_out)
    snapshot = part.snapshot
    return page_body(snapshot.id, snapshot.sort, part.batch_size, part.number, part.of, part.after, source)

"""BM25 rankings for the search that is measured: of an index that is asked once, or of a file."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from outrider.connectors import IndexSpec, Searcher, connect

from ..errors import CollectionInvalid
from ..local_encoder import LocalEncoder
from .legs import Scored
from .spec import LiveIndex

Progress = Callable[[int, int], None]
_LONGEST_NAME = 60


def word_rankings(
    source: LiveIndex | Path,
    fields: tuple[str, ...],
    queries: Sequence[str],
    depth: int,
    keep: Path,
    on_progress: Progress | None = None,
) -> dict[str, Scored]:
    """The ranking of each query by its text; what an index answered is kept in `keep`, so that it is asked once.

    Raises CollectionInvalid where a file lacks a query.
    """
    known = read_rankings(source) if isinstance(source, Path) else read_rankings(keep) if keep.is_file() else {}
    missing = [query for query in dict.fromkeys(queries) if query not in known]
    if missing and isinstance(source, Path):
        raise CollectionInvalid(
            f"{str(source)!r} has no ranking of {len(missing)} of {len(queries)} queries, among them "
            f"{missing[0][:_LONGEST_NAME]!r}; give the index to ask instead"
        )
    if missing and isinstance(source, LiveIndex):
        known |= _asked(source, fields, missing, depth, on_progress)
        write_rankings(keep, known)
    return {query: known[query][:depth] for query in queries}


def read_rankings(path: Path) -> dict[str, Scored]:
    """Rankings by query text. Raises CollectionInvalid."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as err:
        reason = err.strerror if isinstance(err, OSError) else "it is not UTF-8"
        raise CollectionInvalid(f"{str(path)!r} cannot be read: {reason}") from err
    found: dict[str, Scored] = {}
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            found[row["query"]] = [(str(id), float(score)) for id, score in row["results"]]
        except (ValueError, KeyError, TypeError) as err:
            raise CollectionInvalid(f"{str(path)!r}, line {number}: {err!r}") from err
    return found


def write_rankings(path: Path, rankings: Mapping[str, Scored]) -> None:
    """The file that read_rankings reads."""
    lines = (json.dumps({"query": query, "results": ranking}) + "\n" for query, ranking in rankings.items())
    path.write_text("".join(lines), encoding="utf-8")


def _asked(
    source: LiveIndex, fields: tuple[str, ...], queries: Sequence[str], depth: int, on_progress: Progress | None
) -> dict[str, Scored]:
    nothing = LocalEncoder(dense=None, sparse=None, rerank=None)
    searcher = Searcher(connect(source.url), IndexSpec(source.index, fields), nothing)
    found: dict[str, Scored] = {}
    for number, query in enumerate(queries, start=1):
        results = searcher.search(query, "bm25", depth).results if query.strip() else ()
        found[query] = [(result.id, result.score) for result in results]
        if on_progress:
            on_progress(number, len(queries))
    return found

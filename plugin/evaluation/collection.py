"""Queries and judgements as they lie on disk: BEIR folders, TREC files, OpenSearch judgement lists."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CollectionInvalid

Qrels = dict[str, dict[str, float]]


@dataclass(frozen=True)
class JudgedQueries:
    """Texts and judgements by query id; only queries that somebody has judged."""

    texts: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, float]]


def read_judged(queries: Path | None, judgements: Path) -> JudgedQueries:
    """Read queries (.jsonl with `_id` and `text`, or lines of id, tab, text) and judgements.

    Judgements are lines of query, document, grade (BEIR), of query, 0, document, grade (TREC), or a judgement list as
    OpenSearch's Search Relevance plugin imports it (.json), whose queries are their own ids.
    Raises CollectionInvalid with the file and the line.
    """
    listed = judgements.suffix == ".json"
    qrels = _judgement_list(judgements) if listed else _qrels(judgements)
    if queries is None and not listed:
        raise CollectionInvalid(f"{str(judgements)!r} names queries by id: give their texts with --queries")
    texts = _texts(queries) if queries else {query: query for query in qrels}
    if queries and listed:
        ids = {text: query for query, text in texts.items()}
        qrels = {ids.get(query, query): judged for query, judged in qrels.items()}
    judged = {query: text for query, text in texts.items() if query in qrels}
    if not judged:
        raise CollectionInvalid(
            f"no query of {str(queries)!r} is judged in {str(judgements)!r}; do their ids belong together?"
        )
    return JudgedQueries(judged, {query: qrels[query] for query in judged})


def _texts(path: Path) -> dict[str, str]:
    read = _beir_query if path.suffix == ".jsonl" else _tab_query
    return dict(_lines(path, read))


def _beir_query(line: str) -> tuple[str, str]:
    query = json.loads(line)
    return str(query["_id"]), str(query["text"])


def _tab_query(line: str) -> tuple[str, str]:
    query, text = line.split("\t", maxsplit=1)
    return query, text


def _qrels(path: Path) -> Qrels:
    qrels: Qrels = {}
    for query, document, grade in _lines(path, _judgement):
        if grade is not None:
            qrels.setdefault(query, {})[document] = grade
    return qrels


def _judgement(line: str) -> tuple[str, str, float | None]:
    parts = line.split("\t") if "\t" in line else line.split()
    query, document, grade = parts if len(parts) == 3 else (parts[0], *parts[2:])
    if grade == "score":  # the header of BEIR's files
        return query, document, None
    return query, document, float(grade)


def _judgement_list(path: Path) -> Qrels:
    try:
        ratings = json.loads(_read(path))["judgmentRatings"]
        return {
            each["query"]: {str(rated["docId"]): float(rated["rating"]) for rated in each["ratings"]}
            for each in ratings
        }
    except (ValueError, KeyError, TypeError) as err:
        raise CollectionInvalid(
            f"{str(path)!r} is no judgement list: {_why(err)}; it wants "
            '{"judgmentRatings": [{"query": ..., "ratings": [{"docId": ..., "rating": ...}]}]}'
        ) from err


def _lines(path: Path, read: Callable[[str], Any]) -> Iterator[Any]:
    for number, line in enumerate(_read(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield read(line)
        except (ValueError, KeyError, TypeError) as err:
            raise CollectionInvalid(f"{path}, line {number}: {_why(err)}: {line[:80]!r}") from err


def _why(err: Exception) -> str:
    return f"{err} is missing" if isinstance(err, KeyError) else str(err)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        reason = err.strerror if isinstance(err, OSError) else "it is not UTF-8"
        raise CollectionInvalid(f"{str(path)!r} cannot be read: {reason}") from err

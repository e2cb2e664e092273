"""What a model learns from: queries with documents that answer them and documents that do not."""

import gzip
import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CollectionInvalid
from ..evaluation import read_judged
from .documents import Passage, read_passages
from .spec import Judged


@dataclass(frozen=True)
class Example:
    """One query, texts that answer it and texts that do not; the ids of the first where the source has them."""

    query: str
    positives: tuple[str, ...]
    negatives: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Split:
    """Examples to learn from, examples held back, and how many fell out because their query is evaluated on."""

    train: tuple[Example, ...]
    held_back: tuple[Example, ...]
    leaked: int


def normalised(query: str) -> str:
    """What two spellings of one query have in common: case, width, accents, punctuation and word order are dropped."""
    plain = unicodedata.normalize("NFKD", query).casefold()
    kept = "".join(each if each.isalnum() else " " for each in plain if not unicodedata.combining(each))
    return " ".join(sorted(kept.split())) or query


def split(examples: Iterable[Example], evaluated: Iterable[str], held_back: float) -> Split:
    """Drop what is evaluated on, and hold a share of the queries back: all spellings of one on the same side."""
    forbidden = {normalised(query) for query in evaluated}
    train: list[Example] = []
    held: list[Example] = []
    leaked = 0
    for example in examples:
        key = normalised(example.query)
        if key in forbidden:
            leaked += 1
        else:
            (held if _share(key) < held_back else train).append(example)
    return Split(tuple(train), tuple(held), leaked)


def read_examples(data: Judged) -> list[Example]:
    """Queries with at least one relevant document. Raises CollectionInvalid."""
    found = list(_of_rows(data.rows)) if data.rows else list(_of_judgements(data))
    kept = [example for example in found if example.positives and example.query.strip()]
    if not kept:
        raise CollectionInvalid(f"{str(data.rows or data.judgements)!r} has no query with a relevant document")
    return kept


def of_grades(
    query: str, grades: Mapping[str, float], passages: Mapping[str, Passage], relevant: float, irrelevant: float
) -> Example:
    """The example of one query: relevant from a grade on, irrelevant below another, best first."""
    ranked = sorted((id for id in grades if id in passages), key=lambda id: -grades[id])
    best = tuple(id for id in ranked if grades[id] >= relevant)
    worst = tuple(id for id in ranked if grades[id] < irrelevant)
    return Example(query, tuple(passages[id].text for id in best), tuple(passages[id].text for id in worst), best)


def _of_judgements(data: Judged) -> Iterator[Example]:
    if data.judgements is None or data.documents is None:
        raise CollectionInvalid("judged data needs judgements and documents")
    judged = read_judged(data.queries, data.judgements)
    passages = read_passages(data.documents)
    for id, query in judged.texts.items():
        yield of_grades(query, judged.qrels[id], passages, data.relevant_from, data.relevant_from)


def _of_rows(path: Path) -> Iterator[Example]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _row(line, f"{str(path)!r}, line {number}")
    except (OSError, EOFError, UnicodeDecodeError) as err:
        raise CollectionInvalid(f"{str(path)!r} cannot be read: {getattr(err, 'strerror', None) or err}") from err


def _row(line: str, where: str) -> Example:
    try:
        row = json.loads(line)
        positives, negatives = row["pos"], row.get("neg", [])
        ids = tuple(str(each["_id"]) for each in positives if isinstance(each, dict) and "_id" in each)
        return Example(_valid(row["query"]), tuple(map(_text, positives)), tuple(map(_text, negatives)), ids)
    except (ValueError, KeyError, TypeError) as err:
        raise CollectionInvalid(f'{where}: {err!r} in a row that should be {{"query", "pos", "neg"}}') from err


def _text(value: Any) -> str:
    if isinstance(value, str):
        return _valid(value)
    return " ".join(part for part in (_valid(value.get("title", "")), _valid(value["text"])) if part)


def _valid(text: Any) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{text!r:.60} is no text")
    return text.encode("utf-8", "replace").decode()


def _share(key: str) -> float:
    """Between 0 and 1, the same for the same query in every run."""
    return int.from_bytes(hashlib.sha256(key.encode("utf-8", "replace")).digest()[:6]) / 2**48

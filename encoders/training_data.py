"""Training rows from the formats that judgements come in: a BEIR folder, TREC files, JSON lines."""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset

from .readers.lines import open_text
from .training.errors import TrainingError

Judgements = Mapping[str, Mapping[str, float]]


def read_beir(folder: str | Path, split: str = "train", min_grade: float = 1, *, with_scores: bool = False) -> Dataset:
    """Rows (query, document) for each judgement of at least `min_grade`; with `score`, every judgement.

    The folder has corpus.jsonl, queries.jsonl (each may be gzipped) and qrels/SPLIT.tsv, or qrels.tsv for one split.
    """
    root = Path(folder)
    if not root.is_dir():
        raise TrainingError(f"there is no folder {str(root)!r} to read a BEIR collection from")
    corpus = {_id(row): _document(row) for row in _json_rows(_one_of(root, "corpus.jsonl", "corpus.jsonl.gz"))}
    queries = {_id(row): str(row["text"]) for row in _json_rows(_one_of(root, "queries.jsonl", "queries.jsonl.gz"))}
    qrels = _one_of(root, f"qrels/{split}.tsv", "qrels.tsv")
    return _rows(queries, corpus, _qrels(qrels), min_grade, with_scores)


def read_trec(
    topics: str | Path, collection: str | Path, qrels: str | Path, min_grade: float = 1, *, with_scores: bool = False
) -> Dataset:
    """The same from TREC files: topics and collection as `id<TAB>text` lines, qrels as `query 0 document grade`."""
    return _rows(_texts(Path(topics)), _texts(Path(collection)), _qrels(Path(qrels)), min_grade, with_scores)


def read_jsonl(path: str | Path, columns: Sequence[str] | None = None) -> Dataset:
    """One row a line of a JSON lines file, gzipped or not: these columns in this order, or those of the first line."""
    rows = list(_json_rows(Path(path)))
    if not rows:
        raise TrainingError(f"{str(path)!r} has no rows; there is nothing to train on")
    names = list(columns or rows[0])
    for number, row in enumerate(rows, start=1):
        if missing := [name for name in names if name not in row]:
            raise TrainingError(f"{path}, row {number}: {missing[0]!r} is missing; the row has {', '.join(row)}")
    return Dataset.from_dict({name: [row[name] for row in rows] for name in names})


def _rows(
    queries: Mapping[str, str], corpus: Mapping[str, str], judged: Judgements, min_grade: float, with_scores: bool
) -> Dataset:
    found: list[tuple[str, str, float]] = []
    unknown = 0
    for query, grades in judged.items():
        for document, grade in grades.items():
            if query not in queries or document not in corpus:
                unknown += 1
            elif with_scores or grade >= min_grade:
                found.append((queries[query], corpus[document], grade))
    if not found:
        raise TrainingError(
            f"no judgement gives a row: {sum(len(one) for one in judged.values())} were read, {unknown} of them name a "
            f"query or a document that is not there, and none of the others has a grade of at least {min_grade}"
        )
    columns: dict[str, list[Any]] = {"query": [row[0] for row in found], "document": [row[1] for row in found]}
    return Dataset.from_dict(columns | ({"score": [row[2] for row in found]} if with_scores else {}))


def _qrels(path: Path) -> dict[str, dict[str, float]]:
    judged: dict[str, dict[str, float]] = {}
    with open_text(path) as file:
        for number, line in enumerate(file, start=1):
            cells = line.split()
            if not cells or (number == 1 and not _is_number(cells[-1])):
                continue
            # query document grade (BEIR), or query 0 document grade (TREC)
            if len(cells) not in (3, 4) or not _is_number(cells[-1]):
                raise TrainingError(
                    f"{path}, line {number}: a judgement is 'query document grade', this is {line.strip()!r}"
                )
            judged.setdefault(cells[0], {})[cells[-2]] = float(cells[-1])
    return judged


def _texts(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    with open_text(path) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            name, separator, text = line.rstrip("\n").partition("\t")
            if not separator:
                raise TrainingError(f"{path}, line {number}: an id and a text with a tab between are needed")
            found[name] = text
    return found


def _json_rows(path: Path) -> Iterator[dict[str, Any]]:
    with open_text(path) as file:
        lines = enumerate(file, start=1)
        while True:
            try:
                number, line = next(lines)
            except StopIteration:
                return
            except (UnicodeDecodeError, EOFError, gzip.BadGzipFile) as err:
                raise TrainingError(f"{path} cannot be read as lines of UTF-8 text: {err}") from err
            if line.strip():
                yield _row(path, number, line)


def _row(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as err:
        raise TrainingError(f"{path}, line {number} is no JSON: {err}") from err
    if not isinstance(row, dict):
        raise TrainingError(f"{path}, line {number} is {type(row).__name__}; a JSON object is needed")
    return row


def _id(row: Mapping[str, Any]) -> str:
    for name in ("_id", "id"):
        if name in row and "text" in row:
            return str(row[name])
    raise TrainingError(f"a query or document needs '_id' and 'text', this one has {', '.join(row) or 'nothing'}")


def _document(row: Mapping[str, Any]) -> str:
    return f"{row.get('title') or ''} {row['text']}".strip()


def _one_of(folder: Path, *names: str) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise TrainingError(f"{str(folder)!r} has none of {', '.join(names)}")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

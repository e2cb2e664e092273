"""The thirteen small BEIR collections, from the hub or from a folder."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import MissingExtra

DATASET_ID = "sentence-transformers/NanoBEIR-en"
# Name as users write it, lower case -> the collection's name in results and on the hub.
TITLES = {
    "climatefever": "ClimateFEVER",
    "dbpedia": "DBPedia",
    "fever": "FEVER",
    "fiqa2018": "FiQA2018",
    "hotpotqa": "HotpotQA",
    "msmarco": "MSMARCO",
    "nfcorpus": "NFCorpus",
    "nq": "NQ",
    "quoraretrieval": "QuoraRetrieval",
    "scidocs": "SCIDOCS",
    "arguana": "ArguAna",
    "scifact": "SciFact",
    "touche2020": "Touche2020",
}


@dataclass(frozen=True)
class Collection:
    """Queries, documents and which belong together; `candidates` are the first-stage ranking, if there is one."""

    queries: dict[str, str]
    corpus: dict[str, str]
    relevant: dict[str, set[str]]
    candidates: dict[str, list[str]]


def checked_names(names: Sequence[str] | None) -> list[str]:
    """All thirteen, or those given; raises ValueError for names that are none of them."""
    if names is None:
        return list(TITLES)
    if unknown := [name for name in names if name.lower() not in TITLES]:
        raise ValueError(f"{unknown} are no NanoBEIR datasets; use some of {', '.join(TITLES)}")
    if not names:
        raise ValueError(f"dataset_names is empty; use some of {', '.join(TITLES)}, or None for all")
    return list(names)


def title(name: str) -> str:
    """The collection's name in results, e.g. NanoMSMARCO."""
    return f"Nano{TITLES[name.lower()]}"


def load(dataset_id: str, name: str, *, with_candidates: bool = False) -> Collection:
    """One collection, from a hub repository or a local folder.

    A folder may hold BEIR folders (NanoMSMARCO/corpus.jsonl, queries.jsonl, qrels/*.tsv, optionally bm25.jsonl), or be
    a downloaded copy of the hub's repository (corpus/NanoMSMARCO*.parquet, ...).
    """
    collection = title(name)
    folder = Path(dataset_id) / collection
    if folder.is_dir():
        return _from_beir(folder, with_candidates)
    rows = {part: _subset(dataset_id, part, collection) for part in _parts(with_candidates)}
    return Collection(
        queries=_texts(rows["queries"]),
        corpus=_texts(rows["corpus"]),
        relevant=_grouped((row["query-id"], row["corpus-id"]) for row in rows["qrels"]),
        candidates={row["query-id"]: list(row["corpus-ids"]) for row in rows.get("bm25", [])},
    )


def _parts(with_candidates: bool) -> list[str]:
    return ["corpus", "queries", "qrels", *(["bm25"] if with_candidates else [])]


def _subset(dataset_id: str, part: str, split: str) -> Any:
    try:
        import datasets  # type: ignore[import-not-found, unused-ignore]
    except ImportError as err:
        raise MissingExtra(
            f'NanoBEIR in {dataset_id!r} is read with the datasets package: pip install "outrider[train]"'
        ) from err
    try:
        files = sorted(map(str, (Path(dataset_id) / part).glob(f"{split}*.parquet")))
        if files:
            return datasets.load_dataset("parquet", data_files=files, split="train")
        return datasets.load_dataset(dataset_id, part, split=split)
    except (OSError, ValueError) as err:
        raise ValueError(
            f"{part!r} of {split} could not be loaded from {dataset_id!r} ({err}); without the hub, give the folder "
            f"that holds {split}/corpus.jsonl, queries.jsonl and qrels/ as dataset_id"
        ) from err


def _from_beir(folder: Path, with_candidates: bool) -> Collection:
    relevant = _grouped(pair for path in sorted((folder / "qrels").glob("*.tsv")) for pair in _judged(path))
    if not relevant:
        raise ValueError(f"{str(folder)!r} has no judgements; expected qrels/test.tsv with query-id, corpus-id, score")
    candidates: dict[str, list[str]] = {}
    if with_candidates:
        candidates = {row["query-id"]: row["corpus-ids"] for row in _lines(folder / "bm25.jsonl")}
    return Collection(
        queries=_texts(_lines(folder / "queries.jsonl")),
        corpus=_texts(_lines(folder / "corpus.jsonl")),
        relevant=relevant,
        candidates=candidates,
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        raise ValueError(f"the collection lacks the file {str(path)!r}")
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def _judged(path: Path) -> Iterator[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if float(row.get("score") or 1) > 0:
                yield row["query-id"], row["corpus-id"]


def _texts(rows: Any) -> dict[str, str]:
    return {row["_id"]: row["text"] for row in rows if row["text"]}


def _grouped(pairs: Any) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for query, document in pairs:
        found.setdefault(query, set()).add(document)
    return found

"""Rows to train on from files of judgements, and what is said where they do not fit."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from outrider.encoders import TrainingError
from outrider.encoders.training_data import read_beir, read_jsonl, read_trec

CORPUS = [{"_id": "d1", "title": "Cats", "text": "purr"}, {"_id": "d2", "title": "", "text": "dogs bark"}]
QUERIES = [{"_id": "q1", "text": "what purrs"}, {"_id": "q2", "text": "what barks"}]


def lines(rows: list[Any]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    with gzip.open(tmp_path / "corpus.jsonl.gz", "wt") as file:
        file.write(lines(CORPUS))
    (tmp_path / "queries.jsonl").write_text(lines(QUERIES))
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "train.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq2\td2\t1\nq3\td1\t1\n"
    )
    return tmp_path


def test_a_beir_folder(beir: Path) -> None:
    assert read_beir(beir).to_list() == [
        {"query": "what purrs", "document": "Cats purr"},
        {"query": "what barks", "document": "dogs bark"},
    ]
    assert len(read_beir(beir, min_grade=2)) == 1
    assert read_beir(beir, with_scores=True)["score"][:] == [2.0, 0.0, 1.0]
    (beir / "qrels" / "train.tsv").rename(beir / "qrels.tsv")
    assert len(read_beir(beir)) == 2


def test_a_real_collection(data_dir: Path) -> None:
    data = read_beir(data_dir / "cranfield")
    assert data.column_names == ["query", "document"]
    assert len(data) > 500


def test_trec_files(tmp_path: Path) -> None:
    (tmp_path / "topics.tsv").write_text("1\twhat purrs\n2\twhat barks\n\n")
    (tmp_path / "collection.tsv").write_text("d1\tcats purr\nd2\tdogs bark\n")
    (tmp_path / "qrels").write_text("1 0 d1 1\n2 0 d2 1\n2 0 d1 0\n")
    names = [tmp_path / name for name in ("topics.tsv", "collection.tsv", "qrels")]
    assert read_trec(*names).to_list() == [
        {"query": "what purrs", "document": "cats purr"},
        {"query": "what barks", "document": "dogs bark"},
    ]
    assert len(read_trec(*names, with_scores=True)) == 3
    names[0].write_text("1 what purrs\n")
    with pytest.raises(TrainingError, match=r"topics.tsv, line 1: an id and a text"):
        read_trec(*names)


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(lines([{"a": "one", "b": "two", "score": 1}, {"a": "three", "b": "four", "score": 0}]))
    assert read_jsonl(path).column_names == ["a", "b", "score"]
    assert read_jsonl(path, ["b", "a"]).to_list()[1] == {"b": "four", "a": "three"}
    with pytest.raises(TrainingError, match="row 1: 'c' is missing; the row has a, b, score"):
        read_jsonl(path, ["c"])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "has no rows"),
        (b"{\n", "line 1 is no JSON"),
        (b"[1]\n", "line 1 is list; a JSON object is needed"),
        (b"\xff\xfe\n", "cannot be read as lines of UTF-8"),
    ],
)
def test_a_file_that_is_none_of_it(content: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=sentence):
        read_jsonl(path)


def test_a_broken_archive(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(lines(CORPUS * 100).encode())[:-20])
    with pytest.raises(TrainingError, match="cannot be read"):
        read_jsonl(path)


def test_a_collection_that_does_not_fit(beir: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="there is no folder"):
        read_beir(tmp_path / "nothing")
    with pytest.raises(TrainingError, match=r"has none of qrels/dev.tsv, qrels.tsv"):
        read_beir(beir, split="dev")
    with pytest.raises(TrainingError, match="4 were read, 1 of them name a query or a document that is not there"):
        read_beir(beir, min_grade=9)
    (beir / "qrels" / "train.tsv").write_text("q1\td1\t1\nq1 many words are here\n")
    with pytest.raises(TrainingError, match=r"line 2: a judgement is 'query document grade'"):
        read_beir(beir)
    (beir / "queries.jsonl").write_text('{"text": "no id"}\n')
    with pytest.raises(TrainingError, match="needs '_id' and 'text', this one has text"):
        read_beir(beir)

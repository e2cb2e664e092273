"""Queries and judgements in the forms that people have them in."""

import json
from pathlib import Path

import pytest

from outrider.plugin.errors import CollectionInvalid
from outrider.plugin.evaluation import read_judged


def test_a_beir_folder(data_dir: Path) -> None:
    judged = read_judged(data_dir / "cranfield" / "queries.jsonl", data_dir / "cranfield" / "qrels.tsv")
    assert len(judged.texts) == 225
    assert judged.qrels["1"]["184"] == 1.0


def test_trec_lines_and_tabs(tmp_path: Path) -> None:
    (tmp_path / "q.tsv").write_text("a\tblue heron\nb\tnobody judged this\n")
    (tmp_path / "q.txt").write_text("a 0 d1 2\na 0 d2 0\n\n")
    judged = read_judged(tmp_path / "q.tsv", tmp_path / "q.txt")
    assert dict(judged.texts) == {"a": "blue heron"}
    assert judged.qrels == {"a": {"d1": 2.0, "d2": 0.0}}


def test_a_judgement_list_names_queries_by_their_text(tmp_path: Path) -> None:
    ratings = [{"query": "red dress", "ratings": [{"docId": "d7", "rating": "3.000"}]}]
    (tmp_path / "list.json").write_text(json.dumps({"judgmentRatings": ratings}))
    judged = read_judged(None, tmp_path / "list.json")
    assert judged.texts == {"red dress": "red dress"}
    assert judged.qrels == {"red dress": {"d7": 3.0}}
    (tmp_path / "q.tsv").write_text("q7\tred dress\n")
    assert read_judged(tmp_path / "q.tsv", tmp_path / "list.json").qrels == {"q7": {"d7": 3.0}}


@pytest.mark.parametrize(
    ("queries", "qrels", "sentence"),
    [
        ("a\tone\n", "b 0 d 1\n", "no query of"),
        ("a\tone\n", "a 0 d good\n", "q.txt, line 1: could not convert"),
        ("no tab\n", "a 0 d 1\n", "q.tsv, line 1"),
        ("a\tone\n", "a d\n", "q.txt, line 1"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(tmp_path: Path, queries: str, qrels: str, sentence: str) -> None:
    (tmp_path / "q.tsv").write_text(queries)
    (tmp_path / "q.txt").write_text(qrels)
    with pytest.raises(CollectionInvalid, match=sentence):
        read_judged(tmp_path / "q.tsv", tmp_path / "q.txt")


def test_missing_files_and_missing_texts(tmp_path: Path) -> None:
    with pytest.raises(CollectionInvalid, match="cannot be read: No such file"):
        read_judged(tmp_path / "none.jsonl", tmp_path / "none.tsv")
    (tmp_path / "q.txt").write_text("a 0 d 1\n")
    with pytest.raises(CollectionInvalid, match="--queries"):
        read_judged(None, tmp_path / "q.txt")
    (tmp_path / "list.json").write_text('{"judgments": []}')
    with pytest.raises(CollectionInvalid, match="'judgmentRatings' is missing"):
        read_judged(None, tmp_path / "list.json")

"""From files to examples, and what must not be among them."""

import gzip
import json
from pathlib import Path

import pytest

from outrider.plugin.errors import CollectionInvalid
from outrider.plugin.training.documents import Passage, read_passages
from outrider.plugin.training.examples import Example, normalised, of_grades, read_examples, split
from outrider.plugin.training.labels import Row, mined, rows_of
from outrider.plugin.training.pseudo import pseudo_examples
from outrider.plugin.training.spec import Documents, Judged


@pytest.mark.parametrize("other", ["Red  Chair", "red chair!", "ＲＥＤ chair", "chair, red", "réd châir"])
def test_spellings_of_one_query_are_one(other: str) -> None:
    assert normalised("red chair") == normalised(other)


def test_queries_without_letters_stay_apart() -> None:
    assert normalised("!?") != normalised("??")


def test_what_is_evaluated_on_is_never_trained_on() -> None:
    examples = [Example(query, ("text",)) for query in ("red chair", "Chair RED", "blue lamp")]
    parts = split(examples, ["red chair"], 0.0)
    assert [example.query for example in parts.train] == ["blue lamp"]
    assert parts.leaked == 2


def test_all_spellings_are_held_back_together() -> None:
    examples = [Example(f"{word} thing {number}", ("text",)) for number in range(200) for word in ("a", "A")]
    parts = split(examples, [], 0.3)
    assert 80 < len(parts.held_back) < 160
    assert {normalised(each.query) for each in parts.train}.isdisjoint(
        normalised(each.query) for each in parts.held_back
    )
    assert split(examples, [], 0.3) == parts


def test_rows_bring_their_texts(tmp_path: Path) -> None:
    rows = [
        {"query": "q", "pos": [{"_id": 7, "title": "T", "text": "body"}], "neg": ["no", {"text": "nor\ud800"}]},
        {"query": "nothing", "pos": [], "neg": []},
    ]
    with gzip.open(tmp_path / "rows.jsonl.gz", "wt") as stream:
        stream.write("\n".join(map(json.dumps, rows)))
    (example,) = read_examples(Judged(source="judged", rows=tmp_path / "rows.jsonl.gz"))
    assert example == Example("q", ("T body",), ("no", "nor?"), ("7",))


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"query": "q"}', '{"query": null, "pos": ["a"]}', '{"query": "q", "pos": [{"title": "t"}]}']
)
def test_a_row_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "rows.jsonl").write_text(line)
    with pytest.raises(CollectionInvalid, match="line 1"):
        read_examples(Judged(source="judged", rows=tmp_path / "rows.jsonl"))


def test_documents_are_read_and_blank_ones_left_out(tmp_path: Path) -> None:
    path = tmp_path / "documents.jsonl"
    path.write_text('{"_id": 1, "title": "Chair", "text": "red"}\n{"_id": 2, "title": " ", "text": null}\n')
    assert read_passages(Documents(file=path)) == {"1": Passage("Chair", "Chair red")}
    path.write_text('{"_id": 1, "title": ["Chair"]}\n')
    with pytest.raises(CollectionInvalid, match="document '1': field 'title' holds list"):
        read_passages(Documents(file=path))
    path.write_text('{"title": "Chair"}\n')
    with pytest.raises(CollectionInvalid, match="has no _id"):
        read_passages(Documents(file=path))
    path.write_text("")
    with pytest.raises(CollectionInvalid, match="no document with text in title, text"):
        read_passages(Documents(file=path))


def test_between_relevant_and_irrelevant_nothing_is_learned() -> None:
    passages = {name: Passage(name, f"text {name}") for name in "abc"}
    example = of_grades("q", {"a": 1.0, "b": 0.3, "c": 0.1, "gone": 1.0}, passages, 0.5, 0.2)
    assert example == Example("q", ("text a",), ("text c",), ("a",))


def test_queries_are_made_of_titles_headings_and_telling_words() -> None:
    passages = {
        "1": Passage("Deep Fryer (2 l)", "Deep Fryer (2 l)\n# Cleaning the basket\nThe basket of the fryer comes off."),
        "2": Passage("Pan", "Pan\n<h2>Cleaning the <b>basket</b></h2>\nThe fryer is not a pan."),
    }
    found = {example.query: example.positives for example in pseudo_examples(passages, 3, 100)}
    assert found["deep fryer"] == (passages["1"].text,)
    assert found["cleaning the basket"] == (passages["1"].text, passages["2"].text)
    assert len(pseudo_examples(passages, 1, 100)) == 2
    assert len(pseudo_examples(passages, 3, 1)) == 1


class Nearest:
    """A ranking that always is the same."""

    def rank(self, queries: list[str], depth: int) -> list[list[tuple[str, float]]]:
        return [[(id, 1.0) for id in "abcde"[:depth]] for _ in queries]


def test_negatives_are_neighbours_that_are_not_relevant() -> None:
    texts = {id: f"text {id}" for id in "abcde"}
    examples = [Example("q", ("text a",)), Example("full", ("x",), ("y", "z"))]
    first, second = mined(examples, Nearest(), texts, wanted=2, skip=1)  # type: ignore[arg-type]
    assert first.negatives == ("text c", "text d")
    assert second == examples[1]


def test_every_relevant_text_has_a_row_with_its_own_negatives_first() -> None:
    examples = [Example("one", ("a", "b"), ("c",)), Example("two", ("d",), ("e", "f", "g"))]
    rows = rows_of(examples, 2, seed=1)
    assert [(row.query, row.positive) for row in rows] == [("one", "a"), ("one", "b"), ("two", "d")]
    assert all("c" in row.negatives for row in rows[:2])
    assert all(len(set(row.negatives)) == 2 and not {"a", "b"} & set(row.negatives) for row in rows[:2])
    assert set(rows[2].negatives) <= {"e", "f", "g"}
    assert rows == rows_of(examples, 2, seed=1)


def test_a_query_that_nothing_else_surrounds_has_no_row() -> None:
    assert rows_of([Example("one", ("a",))], 1, seed=1) == []
    assert isinstance(rows_of([Example("one", ("a",), ("b",))], 1, seed=1)[0], Row)

import gzip
import io
import json
import sys
from pathlib import Path

import pytest

from outrider.connectors import BadDocument, Document, IndexSpec, Unreadable, read_jsonl
from outrider.connectors.documents import prepare

SPEC = IndexSpec("things", ("title",))
WITH_ID = IndexSpec("things", ("title",), id_field="id")


def test_a_line_is_a_document_and_a_bad_line_is_an_outcome(tmp_path: Path) -> None:
    path = tmp_path / "docs.jsonl"
    path.write_bytes(b'{"title": "one"}\n\n[1]\n{"title": \n{"t": "\xff"}\n{"title": "two"}\n')
    first, *bad, last = read_jsonl(path)
    assert first == Document(1, {"title": "one"})
    assert last == Document(6, {"title": "two"})
    assert [each.position for each in bad if isinstance(each, Unreadable)] == [3, 4, 5]


def test_gzip_is_unpacked_by_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "docs.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"title": "one"}\n'))
    assert list(read_jsonl(path)) == [Document(1, {"title": "one"})]


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"title": "one"}\n')))
    assert list(read_jsonl(Path("-"))) == [Document(1, {"title": "one"})]


def test_a_dead_letter_is_read_as_its_document(tmp_path: Path) -> None:
    path = tmp_path / "letters.jsonl"
    path.write_text(json.dumps({"position": 7, "id": "x", "reason": "r", "document": {"title": "mended"}}) + "\n")
    assert list(read_jsonl(path)) == [Document(1, {"title": "mended"})]


def test_without_an_id_field_the_same_document_has_the_same_id() -> None:
    one = prepare(SPEC, Document(1, {"title": "a", "price": 1}))
    same = prepare(SPEC, Document(9, {"price": 1, "title": "a"}))
    other = prepare(SPEC, Document(2, {"title": "a", "price": 2}))
    assert one.id == same.id != other.id


@pytest.mark.parametrize(("value", "id"), [("x/1", "x/1"), (7, "7"), (0, "0")])
def test_an_id_is_a_text_or_a_whole_number(value: object, id: str) -> None:
    assert prepare(WITH_ID, Document(1, {"id": value})).id == id


@pytest.mark.parametrize("value", [None, "", True, 1.5, ["a"], "x" * 513, "é" * 300])
def test_another_id_fails_this_document_alone(value: object) -> None:
    with pytest.raises(BadDocument, match="id field 'id'"):
        prepare(WITH_ID, Document(1, {"id": value}))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"title": "half \ud83d"}, "surrogate"),
        ({"price": float("nan")}, "JSON"),
        ({"price": float("inf")}, "JSON"),
        ({"when": object()}, "JSON"),
    ],
)
def test_what_json_cannot_hold_is_refused_and_never_altered(body: dict[str, object], reason: str) -> None:
    with pytest.raises(BadDocument, match=reason):
        prepare(SPEC, Document(1, body))


def test_our_own_fields_in_an_exported_document_are_left_out() -> None:
    assert prepare(SPEC, Document(1, {"title": "a", "outrider": {"state": "failed"}})).fields == {"title": "a"}

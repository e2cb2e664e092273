import hashlib

import pytest

from outrider.connectors import BadDocument, join_text
from outrider.connectors.text import text_hash


def test_texts_are_trimmed_and_joined_by_one_space() -> None:
    assert join_text({"title": " Cats\n", "body": "\tand dogs "}, ("title", "body")) == "Cats and dogs"


@pytest.mark.parametrize("missing", [{}, {"title": None}, {"title": ""}, {"title": " \t\n"}])
def test_what_is_missing_null_or_blank_leaves_no_gap(missing: dict[str, object]) -> None:
    assert join_text({**missing, "body": "dogs"}, ("title", "body")) == "dogs"


def test_a_document_without_any_text_is_empty_text() -> None:
    assert join_text({"price": 5}, ("title", "body")) == ""


def test_a_dotted_field_is_a_path_or_a_name() -> None:
    assert join_text({"a": {"b": "inside"}, "c.d": "named"}, ("a.b", "c.d")) == "inside named"


@pytest.mark.parametrize("value", [5, 1.5, True, ["a", "b"], {"en": "a"}])
def test_anything_but_text_is_refused_with_the_field_and_the_value(value: object) -> None:
    with pytest.raises(BadDocument, match="'title' holds"):
        join_text({"title": value}, ("title",))


def test_only_what_java_trims_is_trimmed() -> None:
    assert join_text({"title": "\u00a0cat\u00a0"}, ("title",)) == "\u00a0cat\u00a0"


def test_the_hash_is_of_the_bytes_of_the_text() -> None:
    assert text_hash("café") == hashlib.sha256("café".encode()).hexdigest()

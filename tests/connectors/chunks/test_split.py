"""Texts in chunks: nothing lost, none too long, cut where a reader would cut."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.connectors import BadSpec
from outrider.connectors.chunks import BOUNDARIES, Boundary, Chunking, split
from outrider.encoders import DEFAULT_DENSE, open_model

Spans = list[tuple[int, int]]


def words(text: str) -> Spans:
    return [match.span() for match in re.finditer(r"\S+", text)]


def pieces_of_words(text: str) -> Spans:
    """Two characters a token, as a subword tokenizer has it."""
    return [match.span() for match in re.finditer(r"\S{1,2}", text)]


def bytes_of_text(text: str) -> Spans:
    """Several tokens with one place where a character is several bytes, as byte-level tokenizers have it."""
    return [(n, n + 1) for n, character in enumerate(text) for _ in character.encode("utf-8", "surrogatepass")]


def parts(text: str, size: int, by: Boundary, overlap: int = 0) -> list[str]:
    chunks = split(text, words(text), size, by=by, overlap=overlap)
    return [text[chunk.start : chunk.stop].strip() for chunk in chunks]


MARKDOWN = st.lists(
    st.sampled_from(
        ["# One\n", "Two\n===\n", "word ", "A sentence. ", "\n\n", "```\n", "code\n\n", "~~~ py\n", "猫。", "🐈"]
    )
).map("".join)
TEXTS = st.one_of(st.text(), MARKDOWN, st.text("ab .\n#`", max_size=300))


@pytest.mark.parametrize("tokens", [words, pieces_of_words, bytes_of_text])
@pytest.mark.parametrize("by", BOUNDARIES)
@settings(max_examples=30, deadline=None)
@given(text=TEXTS, size=st.integers(1, 12), overlap=st.integers(0, 6))
def test_chunks_cover_the_text_and_none_is_too_long(
    tokens: Callable[[str], Spans], by: Boundary, text: str, size: int, overlap: int
) -> None:
    spans = tokens(text)
    overlap = min(overlap, size // 2)
    chunks = split(text, spans, size, by=by, overlap=overlap)
    covered = {place for chunk in chunks for place in range(chunk.start, chunk.stop)}
    assert all(place in covered or text[place].isspace() or ord(text[place]) <= 0x20 for place in range(len(text)))
    assert [c.start for c in chunks] == sorted({c.start for c in chunks})
    most = max(size, 4 if tokens is bytes_of_text else 1)
    for chunk in chunks:
        assert sum(chunk.start <= start < chunk.stop for start, _ in spans) <= most


def test_a_short_text_is_one_chunk_and_a_blank_one_none() -> None:
    assert parts("One. Two.", 10, "sentence") == ["One. Two."]
    assert parts(" \n ", 10, "sentence") == []


def test_windows_of_tokens_overlap_and_are_cut_between_words() -> None:
    text = " ".join(f"w{n}" for n in range(10))
    assert parts(text, 4, "tokens", 2) == ["w0 w1 w2 w3", "w2 w3 w4 w5", "w4 w5 w6 w7", "w6 w7 w8 w9"]
    long = "abcdef ghij"
    assert [long[c.start : c.stop] for c in split(long, pieces_of_words(long), 4, by="tokens")] == ["abcdef ", "ghij"]
    assert [long[c.start : c.stop] for c in split(long, pieces_of_words(long), 2, by="tokens")] == [
        "abcd",
        "ef ",
        "ghij",
    ]


def test_sentences_stay_whole_and_are_repeated_as_overlap() -> None:
    text = "Dr. Who came at 5 p.m. today! He left. “Why?” asked J. Doe. Nobody knew."
    assert parts(text, 7, "sentence") == [
        "Dr. Who came at 5 p.m. today!",
        "He left. “Why?” asked J. Doe.",
        "Nobody knew.",
    ]
    assert parts("One or so. Two. Three at last.", 5, "sentence", 2) == ["One or so. Two.", "Two. Three at last."]
    assert parts("猫が好き。犬も好き。", 1, "sentence") == ["猫が好き。犬も好き。"]  # one token to this tokenizer


def test_a_sentence_that_is_too_long_is_cut_at_words() -> None:
    assert parts("a b c d e f. g h.", 4, "sentence") == ["a b c d", "e f. g h."]


def test_paragraphs_stay_whole() -> None:
    assert parts("a b\n\nc d\n \ne f", 4, "paragraph") == ["a b\n\nc d", "e f"]


def test_no_chunk_goes_across_a_heading_and_headings_stay_with_their_text() -> None:
    text = "intro\n\n# One\na b\n\n## Two\nc\n\n```sh\n# no heading\n\n```\nTitle\n=====\nend"
    assert parts(text, 50, "heading") == [
        "intro",
        "# One\na b",
        "## Two\nc\n\n```sh\n# no heading\n\n```",
        "Title\n=====\nend",
    ]


def test_code_blocks_are_chunks_of_their_own() -> None:
    text = "see\n```py\nx = 1\n\ny = 2\n```\nand\n~~~\nnever closed"
    assert parts(text, 50, "code") == ["see", "```py\nx = 1\n\ny = 2\n```", "and", "~~~\nnever closed"]
    assert parts(text, 4, "code")[1:4] == ["```py\nx = 1", "y = 2\n```", "and"]


def test_the_models_own_tokens_decide() -> None:
    with (Path(__file__).parents[3] / "README.md").open(encoding="utf-8") as stream:
        text = stream.read()
    model = open_model(DEFAULT_DENSE)
    spans = model.token_spans(text)
    chunks = split(text, spans, 64, by="paragraph")
    counted = [len(model.token_spans(text[chunk.start : chunk.stop])) for chunk in chunks]
    assert len(spans) > model.max_tokens
    assert sum(counted) == len(spans)
    assert max(counted) <= 64


def test_a_hundred_thousand_words_take_no_time() -> None:
    text = "word " * 100_000
    assert len(split(text, words(text), 100, by="code", overlap=50)) == 1999


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"by": "page"}, "by 'page' are not known; use tokens, sentence"),
        ({"size": 0}, "chunks of 0 tokens"),
        ({"size": 10, "overlap": 6}, "may be half at most"),
        ({"overlap": -1}, "overlap of -1"),
        ({"limit": 20_000}, "between 1 and 10000"),
    ],
)
def test_what_cannot_be_is_said(options: dict[str, Any], said: str) -> None:
    with pytest.raises(BadSpec, match=said):
        Chunking(**options)

"""The table of an answer, on terminals of common widths."""

import pytest

from outrider.connectors import Answer, IndexSpec, Result
from outrider.plugin.cli.search import _print_answer

SPEC = IndexSpec("articles", ("title", "body"))
ROWS = [
    ("A heron stands in shallow water", {"bm25": 1, "dense": 100, "sparse": 12, "fused": 3}, 1.9871, 12.5),
    ("The night train crosses the mountains", {"dense": 7, "fused": 1000}, 123.4567, 1.0),
]
RESULTS = tuple(
    Result(str(place), "articles", {"title": title, "body": "and so on " * 40}, score, ranks, boost=boost)
    for place, (title, ranks, score, boost) in enumerate(ROWS)
)


@pytest.mark.parametrize(("columns", "title_chars"), [(80, 20), (120, 60)])
def test_ranks_and_scores_are_whole_and_the_document_has_the_rest(
    columns: int, title_chars: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    _print_answer(Answer("birds near water", "reranked", RESULTS, {"bm25": 3.0}), SPEC, offset=98)
    lines = capsys.readouterr().out.splitlines()
    header, *rows = (line.split() for line in lines if line.split()[:1] in (["#"], ["99"], ["100"]))
    assert header == ["#", "bm25", "dense", "sparse", "fused", "boost", "score", "document"]
    assert rows[0][:7] == ["99", "1", "100", "12", "3", "12.50", "1.9871"]
    assert rows[1][:7] == ["100", "-", "7", "-", "1000", "1.00", "123.4567"]
    for row, (title, *_) in zip(rows, ROWS, strict=True):
        assert " ".join(row[7:]).startswith(f"{title} | and so on"[:title_chars])
    assert max(map(len, lines)) <= columns

"""Quality against time, in a picture and in a page."""

from pathlib import Path

import pytest

from outrider.plugin.evaluation import LiveReport, ModeReport, draw_front
from outrider.plugin.evaluation.plot import front


def mode(name: str, value: float, ms: float) -> ModeReport:
    queries = [f"q{n}" for n in range(40)]
    values = {query: value + n / 1000 for n, query in enumerate(queries)}
    return ModeReport(name, {query: ["d"] for query in queries}, {"ndcg@10": values}, dict.fromkeys(queries, ms))


MODES = (mode("bm25", 0.3, 5), mode("dense", 0.25, 9), mode("a<b", 0.4, 20), mode("reranked", 0.4, 90))


def test_the_front_is_what_nothing_beats_in_both_quality_and_time() -> None:
    assert [each.mode for each in front(MODES, "ndcg@10")] == ["bm25", "a<b"]


def test_a_page_has_the_picture_and_the_figures(tmp_path: Path) -> None:
    draw_front(LiveReport(("ndcg@10",), MODES), "ndcg@10", tmp_path / "front.html", "docs & more: 40 judged queries")
    page = (tmp_path / "front.html").read_text()
    assert page.count("<svg") == 1
    assert "<title>docs &amp; more: 40 judged queries</title>" in page
    assert "<tr><th>a&lt;b<td>0.4195<td>0.000<td>20<td>20" in page
    assert "difference to bm25" in page


@pytest.mark.parametrize("slowest", [8.0, 5000.0])
def test_times_are_told_in_numbers_however_near_they_are(tmp_path: Path, slowest: float) -> None:
    report = LiveReport(("ndcg@10",), (mode("bm25", 0.3, 5), mode("dense", 0.4, slowest)))
    draw_front(report, "ndcg@10", tmp_path / "front.svg", "docs")
    drawn = (tmp_path / "front.svg").read_text()
    assert "<!-- 5 -->" in drawn
    assert "10^" not in drawn


def test_the_slow_ones_are_those_above_95_of_100() -> None:
    times = {f"q{n}": float(n) for n in range(1, 101)}
    assert ModeReport("bm25", {}, {}, times).slow_ms == 95.0
    assert ModeReport("bm25", {}, {}, {"q": 7.0}).slow_ms == 7.0

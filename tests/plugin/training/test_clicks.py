"""Relevance out of clicks, on logs whose truth is known."""

import json
from pathlib import Path

import numpy as np
import pytest

from outrider.plugin.errors import CollectionInvalid
from outrider.plugin.training.clicks import estimate_propensities, graded, read_clicks, relevance

PLACES = 8
LOOKED = 1 / np.arange(1, PLACES + 1) ** 0.9
DOCUMENTS = 20


def simulated(path: Path, *, searches: int = 400, queries: int = 30, seed: int = 5) -> dict[tuple[str, str], float]:
    """A log of users who click what they look at and find relevant; gives the chance of each pair.

    The engine ranks by a poor score with some noise, so that documents change places but good ones often stand low.
    """
    random = np.random.default_rng(seed)
    truth: dict[tuple[str, str], float] = {}
    lines = []
    for query in range(queries):
        chances = random.beta(0.5, 1.5, DOCUMENTS)
        poor = random.normal(size=DOCUMENTS)
        truth |= {(f"query {query}", f"d{document}"): float(chance) for document, chance in enumerate(chances)}
        for _ in range(searches):
            shown = np.argsort(-(poor + random.normal(scale=0.7, size=DOCUMENTS)))[:PLACES]
            clicked = random.random(PLACES) < LOOKED * chances[shown]
            results = [f"d{document}" for document in shown]
            row = {"query": f"query {query}", "results": results}
            lines.append(json.dumps({**row, "clicks": [results[place] for place in np.flatnonzero(clicked)]}))
    path.write_text("\n".join(lines))
    return truth


def order_error(values: dict[tuple[str, str], float], truth: dict[tuple[str, str], float]) -> float:
    """The share of pairs of a query's documents that are in the wrong order."""
    wrong = pairs = 0
    for query in {query for query, _ in values}:
        known = [(value, truth[key]) for key, value in values.items() if key[0] == query]
        for place, (one, real_one) in enumerate(known):
            for other, real_other in known[place + 1 :]:
                pairs += 1
                wrong += (one - other) * (real_one - real_other) <= 0
    return wrong / pairs


def test_the_chance_that_a_place_is_looked_at_is_found(tmp_path: Path) -> None:
    simulated(tmp_path / "log.jsonl")
    found = estimate_propensities(read_clicks(tmp_path / "log.jsonl"))
    assert found[0] == 1
    np.testing.assert_allclose(found, LOOKED, atol=0.05)


@pytest.mark.parametrize("source", ["estimated", "given"])
def test_the_correction_is_closer_to_the_truth_than_raw_clicks(tmp_path: Path, source: str) -> None:
    truth = simulated(tmp_path / "log.jsonl")
    log = read_clicks(tmp_path / "log.jsonl")
    often = np.bincount(log.pair) >= 60
    errors = {}
    for name, chances in (
        ("raw", [1.0]),
        ("corrected", estimate_propensities(log) if source == "estimated" else LOOKED),
    ):
        values = relevance(log, chances)
        kept = {
            (log.queries[query], document): float(value)
            for (query, document), value, seen in zip(log.pairs, values, often, strict=True)
            if seen
        }
        assert len(kept) > 150
        difference = np.mean([abs(value - truth[key]) for key, value in kept.items()])
        errors[name] = difference, order_error(kept, truth)
    assert errors["corrected"][0] < errors["raw"][0] / 2, errors
    assert errors["corrected"][1] < 0.75 * errors["raw"][1], errors


def test_grades_are_shares_of_the_best_and_rare_pairs_are_left_out(tmp_path: Path) -> None:
    row = {"query": "Red Chair", "results": ["a", "b", "c"], "clicks": ["b"]}
    lines = [json.dumps(row)] * 9 + [json.dumps({"query": "chair red!", "results": ["b", "d"], "clicks": ["b"]})]
    (tmp_path / "log.jsonl").write_text("\n".join([*lines, "", json.dumps({**row, "query": " "})]))
    log = read_clicks(tmp_path / "log.jsonl")
    assert log.queries == ("Red Chair",)
    grades = graded(log, relevance(log, [1.0]), minimum_views=5)
    assert set(grades["Red Chair"]) == {"a", "b", "c"}
    assert grades["Red Chair"]["b"] == 1
    assert grades["Red Chair"]["a"] < 0.2


def test_how_much_a_click_model_can_learn_is_said(tmp_path: Path) -> None:
    still = json.dumps({"query": "q", "results": ["a", "b"], "clicks": ["a"]})
    (tmp_path / "log.jsonl").write_text(still)
    assert read_clicks(tmp_path / "log.jsonl").moved == 0
    moved = json.dumps({"query": "q", "results": ["b", "c"], "clicks": []})
    (tmp_path / "log.jsonl").write_text(f"{still}\n{moved}")
    assert read_clicks(tmp_path / "log.jsonl").moved == 0.5


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "line 1"),
        ('{"query": "q", "results": "a", "clicks": []}', "are lists"),
        ('{"query": 7, "results": [], "clicks": []}', "is a text"),
        ('{"query": "q", "results": []}', "'clicks'"),
        ('{"query": "q", "results": ["a"], "clicks": ["b"]}', "no click on a result that was shown"),
        ("", "no click"),
    ],
)
def test_a_log_that_cannot_be_used(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "log.jsonl").write_text(content)
    with pytest.raises(CollectionInvalid) as caught:
        read_clicks(tmp_path / "log.jsonl")
    assert sentence in str(caught.value)


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CollectionInvalid, match="No such file"):
        read_clicks(tmp_path / "log.jsonl")

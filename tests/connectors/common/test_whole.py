from typing import Any

import pytest

from outrider.connectors import PartialAnswer, require_whole
from outrider.connectors.common.scan import parse_page

FAILURES = [{"shard": 1, "reason": {"type": "x", "reason": "disk gone"}}]
HITS: dict[str, Any] = {"hits": []}


def shards(total: int, successful: int, failed: int) -> dict[str, Any]:
    return {"total": total, "successful": successful, "skipped": 0, "failed": failed}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"timed_out": False, "_shards": {**shards(2, 1, 1), "failures": FAILURES}, "hits": HITS}, "disk gone"),
        ({"timed_out": False, "_shards": shards(2, 1, 0), "hits": HITS}, "1 of 2 shards failed: no reason given"),
        ({"timed_out": True, "_shards": shards(2, 2, 0), "hits": HITS}, "ran out of time"),
        ({"count": 7, "_shards": shards(3, 1, 0)}, "2 of 3 shards failed"),
        ({"pit_id": "p", "_shards": shards(2, 1, 0)}, "1 of 2 shards failed"),
        ({"_shards": shards(4, 1, 1)}, "1 of 4 shards failed"),
        ({"docs": [{"_id": "a", "found": True}, {"_id": "b", "error": {"reason": "no shard"}}]}, "'b': no shard"),
    ],
)
def test_half_an_answer_is_refused(answer: dict[str, Any], said: str) -> None:
    with pytest.raises(PartialAnswer, match=f"GET /i: .*{said}"):
        require_whole(answer, "GET /i")


@pytest.mark.parametrize(
    "answer",
    [
        {"timed_out": False, "_shards": shards(2, 2, 0), "hits": HITS},
        {"_shards": shards(4, 2, 0)},  # a refresh, or statistics, of an index whose replicas are nowhere
        {"docs": [{"_id": "a", "found": False}]},
        {"acknowledged": True},
        [],
        "",
    ],
)
def test_a_whole_answer_is_taken(answer: Any) -> None:
    require_whole(answer, "GET /i")


def test_a_page_without_hits_is_the_end_only_where_every_shard_answered() -> None:
    page = {"timed_out": False, "_shards": shards(2, 2, 0), "hits": HITS}
    assert parse_page(page) == ([], None)
    for what in ({"_shards": shards(2, 0, 2)}, {"_shards": shards(2, 1, 0)}, {"timed_out": True}):
        with pytest.raises(PartialAnswer):
            parse_page({**page, **what})

import pytest

from outrider.connectors import ClusterError, ClusterUnavailable
from outrider.connectors.common.bulk import parse_bulk
from outrider.connectors.common.hits import Key, parse_hits
from outrider.connectors.common.reasons import reason_of

SHARDS = {"total": 2, "failed": 0}


def test_hits_are_read_in_order() -> None:
    hits = [
        {"_index": "i", "_id": "a", "_score": 2.0, "_source": {"t": 1}},
        {"_index": "i", "_id": "b", "_score": None},
    ]
    found = parse_hits({"took": 3, "timed_out": False, "_shards": SHARDS, "hits": {"hits": hits}}, "the search")
    assert [(hit.key, hit.score) for hit in found.hits] == [(Key("i", "a"), 2.0), (Key("i", "b"), 0.0)]


def test_half_an_answer_is_no_answer() -> None:
    failures = [{"reason": {"type": "x", "reason": "disk gone"}}]
    answer = {"took": 3, "timed_out": False, "_shards": {"total": 2, "failed": 1, "failures": failures}}
    with pytest.raises(ClusterError, match=r"the search: 1 of 2 shards failed.*disk gone"):
        parse_hits(answer, "the search")


@pytest.mark.parametrize(
    ("status", "kind"), [(429, ClusterUnavailable), (503, ClusterUnavailable), (500, ClusterError)]
)
def test_a_failed_search_is_worth_another_try_or_not(status: int, kind: type[ClusterError]) -> None:
    with pytest.raises(kind, match=f"failed with {status}: too busy"):
        parse_hits({"status": status, "error": {"reason": "too busy"}}, "the search")


def test_the_reason_is_the_outermost_and_the_innermost() -> None:
    shard = {"reason": {"reason": "compile error", "caused_by": {"reason": "no such method"}}}
    assert reason_of({"reason": "all shards failed", "failed_shards": [shard]}) == "all shards failed: no such method"
    assert reason_of("plain") == "plain"


def test_a_bulk_answers_for_each_document() -> None:
    full = {"index": {"_id": "b", "status": 429, "error": {"reason": "queue full"}}}
    bad = {"index": {"_id": "c", "status": 400, "error": {"reason": "failed to parse"}}}
    stored, retriable, refused = parse_bulk({"items": [{"index": {"_id": "a", "status": 201}}, full, bad]})
    assert stored is None
    assert retriable is not None
    assert retriable.is_retriable
    assert refused is not None
    assert not refused.is_retriable
    assert refused.reason == "failed to parse"

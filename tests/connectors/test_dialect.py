"""Each engine and version is spoken to in its own words."""

import pytest

from outrider.connectors import DenseField, Dialect, Encoded, IndexSpec, SparseField, dialect_for
from outrider.connectors.capabilities import Distribution, parse_release
from outrider.connectors.common.query import Question

SPEC = IndexSpec(
    "things", ("title",), dense=DenseField(2, kind="dense_vector"), sparse=SparseField(kind="sparse_vector")
)


def elasticsearch(version: str) -> Dialect:
    return dialect_for("elasticsearch", version)


@pytest.mark.parametrize(
    ("root", "release"),
    [
        ({"version": {"number": "3.8.0", "distribution": "opensearch"}}, ("opensearch", "3.8.0")),
        ({"version": {"number": "9.4.3", "build_flavor": "default"}}, ("elasticsearch", "9.4.3")),
    ],
)
def test_a_cluster_says_whose_it_is(root: dict[str, dict[str, str]], release: tuple[Distribution, str]) -> None:
    assert parse_release(root) == release


def test_each_engine_has_its_own_snapshots() -> None:
    ours = dialect_for("opensearch", "3.8.0")
    assert (
        ours.open_snapshot("a,b").path == "/a,b/_search/point_in_time?keep_alive=30m&allow_partial_pit_creation=false"
    )
    assert ours.close_snapshot(ours.snapshot_id({"pit_id": "x"})).body == {"pit_id": ["x"]}
    theirs = elasticsearch("8.19.21")
    assert theirs.open_snapshot("a b").path == "/a%20b/_pit?keep_alive=30m"
    assert theirs.close_snapshot(theirs.snapshot_id({"id": "x"})).body == {"id": "x"}


@pytest.mark.parametrize(("version", "asks"), [("8.19.21", False), ("9.1.0", False), ("9.2.0", True), ("10.0.0", True)])
def test_vectors_are_asked_for_where_they_are_left_out_by_default(version: str, asks: bool) -> None:
    assert elasticsearch(version).source_filter(["mine"]).get("exclude_vectors", True) is not asks


@pytest.mark.parametrize(
    ("version", "has_option"), [("8.18.4", False), ("8.19.0", True), ("9.0.4", False), ("9.1.0", True), ("9.5.3", True)]
)
def test_pruning_is_switched_off_where_it_would_be_on(version: str, has_option: bool) -> None:
    field = elasticsearch(version).own_properties(SPEC)["outrider_sparse"]
    assert field == {"type": "sparse_vector", **({"index_options": {"prune": False}} if has_option else {})}


def test_before_its_query_a_sparse_vector_is_asked_term_by_term() -> None:
    weights = {"cat": 2.0}
    assert elasticsearch("8.14.0").sparse_query(SPEC, weights) == {
        "bool": {"should": [{"term": {"outrider_sparse": {"value": "cat", "boost": 2.0}}}]}
    }
    asked = {"field": "outrider_sparse", "query_vector": weights, "prune": False}
    assert elasticsearch("8.15.0").sparse_query(SPEC, weights) == {"sparse_vector": asked}
    assert elasticsearch("9.5.3").sparse_query(SPEC, {}) == {"match_none": {}}


@pytest.mark.parametrize(("version", "rescores"), [("8.17.9", False), ("8.18.0", True), ("9.0.0", True)])
def test_the_filter_and_the_rescoring_are_inside_the_vector_search(version: str, rescores: bool) -> None:
    dialect, filter = elasticsearch(version), {"term": {"lang": "en"}}
    question = Question("cat", Encoded([3.0, 4.0]))
    body = dialect.dense_body(SPEC, dialect.dense_plan(SPEC, 5), question, 7, filter)
    assert body["knn"]["query_vector"] == pytest.approx([0.6, 0.8])
    assert (body["size"], body["knn"]["k"], body["knn"]["filter"]) == (7, 7, filter)
    assert ("rescore_vector" in body["knn"]) is rescores

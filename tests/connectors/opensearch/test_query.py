import pytest

from outrider.connectors import BadSpec, DenseField, Encoded, IndexSpec, SparseField
from outrider.connectors.common.query import Question
from outrider.connectors.opensearch import dense_body, dense_plan, sparse_query

BYTES = IndexSpec("things", ("title",), dense=DenseField(2), sparse=SparseField(), exact_limit=10)
KNN = IndexSpec("things", ("title",), dense=DenseField(2, kind="knn_vector"))


@pytest.mark.parametrize(
    ("spec", "documents", "kind", "reason"),
    [
        (BYTES, 10, "exact", "10 documents, within the limit of 10"),
        (BYTES, 11, "candidates", "11 documents, above the limit of 10"),
        (KNN, 10**9, "knn", "own vector index"),
    ],
)
def test_how_vectors_are_compared_is_decided_and_said(spec: IndexSpec, documents: int, kind: str, reason: str) -> None:
    plan = dense_plan(spec, documents)
    assert plan.kind == kind
    assert reason in plan.reason


def test_a_sparse_query_is_one_linear_clause_a_term() -> None:
    assert sparse_query(BYTES, {"cat": 2.0, "a.b": 1.0}) == {
        "bool": {
            "should": [
                {"rank_feature": {"field": "outrider_sparse.cat", "linear": {}, "boost": 2.0}},
                {"rank_feature": {"field": "outrider_sparse.a%2Eb", "linear": {}, "boost": 1.0}},
            ]
        }
    }


def test_a_query_without_terms_matches_nothing() -> None:
    assert sparse_query(BYTES, {}) == {"match_none": {}}


def test_knn_gets_the_vector_at_length_one() -> None:
    body = dense_body(KNN, dense_plan(KNN, 5), Question("cat", Encoded([3.0, 4.0])), 7)
    assert body["query"]["knn"]["outrider_dense"] == {"vector": pytest.approx([0.6, 0.8]), "k": 7}


def test_candidates_come_from_words_and_terms_and_count_by_vector_alone() -> None:
    body = dense_body(BYTES, dense_plan(BYTES, 11), Question("cat", Encoded([1.0, 0.0], {"cat": 1.0})), 7)
    assert len(body["query"]["bool"]["should"]) == 2
    assert body["rescore"]["query"]["query_weight"] == 0.0


def test_a_field_that_is_not_there_cannot_be_asked() -> None:
    bare = IndexSpec("things", ("title",))
    with pytest.raises(BadSpec, match="no sparse field"):
        sparse_query(bare, {"cat": 1.0})

"""Every form of vector field is taken by the engine, filled and asked; what a release cannot have is said before."""

import pytest

from outrider.connectors import BadSpec, Cluster, DenseField, Encoded, IndexSpec, SparseField, dialect_for
from outrider.connectors.common.hits import parse_hits
from outrider.connectors.elasticsearch.dense import FORMS
from outrider.connectors.spec import Element, Space, Structure

from ..forms import DIMENSIONS, VECTORS, best, fill, scores

FLOATS: list[tuple[Structure, Element, Space]] = [(structure, "float", "cosinesimil") for structure in FORMS]
OTHERS: list[tuple[Structure, Element, Space]] = [
    ("hnsw", "byte", "cosinesimil"),
    ("flat", "byte", "cosinesimil"),
    ("hnsw", "bit", "cosinesimil"),
    ("flat", "bit", "cosinesimil"),
    ("int8_hnsw", "float", "innerproduct"),
    ("hnsw", "float", "l2"),
]


def spec_of(index: str, structure: Structure, element: Element, space: Space) -> IndexSpec:
    field = DenseField(DIMENSIONS, kind="dense_vector", space=space, element=element, structure=structure)
    return IndexSpec(index, ("title",), dense=field)


@pytest.mark.engine
@pytest.mark.parametrize(("structure", "element", "space"), FLOATS + OTHERS)
def test_each_form_is_taken_filled_and_asked(
    each_cluster: Cluster, index: str, structure: Structure, element: Element, space: Space
) -> None:
    spec = spec_of(index, structure, element, space)
    try:
        fill(each_cluster, spec, [Encoded(dense=[float(x) for x in row]) for row in VECTORS])
        found = best(each_cluster, spec, VECTORS[3].tolist(), 10)
    finally:
        each_cluster.write("DELETE", f"/{index}?ignore_unavailable=true")
    assert len(found) == 10
    if space != "innerproduct":
        assert found[0][0] == "3"
    if element == "float":  # the vectors themselves decide, whatever they were found by; one bit a number misses some
        exact = dict(scores(space))
        assert dict(found) == pytest.approx({id: exact[id] for id, _ in found}, rel=1e-4)
        missed = set(list(exact)[:10]) - {id for id, _ in found}
        assert len(missed) <= (4 if structure.startswith("bbq") else 0)


@pytest.mark.engine
def test_sparse_scores_are_exact_but_for_nine_bits(each_cluster: Cluster, index: str) -> None:
    spec = IndexSpec(index, ("title",), sparse=SparseField(kind="sparse_vector"))
    weights = [{"cat": 1.5, "##ine": 0.25, "a.b": 2.0}, {"cat": 0.5}, {"dog": 3.0}]
    try:
        fill(each_cluster, spec, [Encoded(sparse=each) for each in weights])
        query = each_cluster.dialect.sparse_query(spec, {"cat": 2.0, "a.b": 1.0, "##ine": 4.0})
        answer = each_cluster.read("POST", f"/{index}/_search", {"query": query})
    finally:
        each_cluster.write("DELETE", f"/{index}?ignore_unavailable=true")
    found = [(hit.key.id, hit.score) for hit in parse_hits(answer, "the search").hits]
    assert found == [("0", pytest.approx(2 * 1.5 + 2.0 + 4 * 0.25, rel=0.004)), ("1", pytest.approx(1.0, rel=0.004))]


@pytest.mark.engine
def test_before_its_query_the_same_scores_come_term_by_term(each_cluster: Cluster, index: str) -> None:
    spec = IndexSpec(index, ("title",), sparse=SparseField(kind="sparse_vector"))
    asked = {"cat": 2.0, "a.b": 1.0}
    try:
        fill(each_cluster, spec, [Encoded(sparse={"cat": 1.5, "a.b": 2.0}), Encoded(sparse={"cat": 0.5})])
        answers = [
            each_cluster.read("POST", f"/{index}/_search", {"query": dialect.sparse_query(spec, asked)})
            for dialect in (each_cluster.dialect, dialect_for("elasticsearch", "8.14.3"))
        ]
    finally:
        each_cluster.write("DELETE", f"/{index}?ignore_unavailable=true")
    now, then = [[(hit.key.id, hit.score) for hit in parse_hits(answer, "").hits] for answer in answers]
    assert now == then


@pytest.mark.parametrize(
    ("version", "field", "reason"),
    [
        ("8.11.4", DenseField(64, structure="int8_hnsw"), r"Elasticsearch 8\.11 does not know"),
        ("8.15.0", DenseField(64, structure="bbq_hnsw"), "does not know"),
        ("8.5.3", DenseField(64, element="byte"), "choose dense.element: float"),
        ("9.5.3", DenseField(63, structure="int4_flat"), "an even number"),
        ("9.5.3", DenseField(32, structure="bbq_flat"), "64 numbers or more"),
        ("9.5.3", DenseField(60, element="bit"), "a multiple of 8"),
        ("9.5.3", DenseField(64, element="byte", structure="int8_hnsw"), "choose hnsw or flat"),
        ("9.5.3", DenseField(64, element="byte", space="l2"), "keep directions only"),
    ],
)
def test_what_a_release_or_a_model_cannot_have_is_said(version: str, field: DenseField, reason: str) -> None:
    with pytest.raises(BadSpec, match=reason):
        dialect_for("elasticsearch", version).own_properties(IndexSpec("i", ("title",), dense=field))


def test_without_int8_the_graph_of_floats_is_the_default() -> None:
    spec = IndexSpec("i", ("title",), dense=DenseField(64))
    for version, structure in (("8.11.4", "hnsw"), ("8.12.0", "int8_hnsw"), ("9.5.3", "int8_hnsw")):
        mapping = dialect_for("elasticsearch", version).own_properties(spec)["outrider_dense"]
        assert mapping["index_options"] == {"type": structure}

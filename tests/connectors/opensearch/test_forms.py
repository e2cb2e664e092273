"""The forms of knn_vector fields: those of Lucene filled and asked, those of faiss as far as they go without it."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from outrider.connectors import BadSpec, Cluster, DenseField, Encoded, IndexSpec, dialect_for
from outrider.connectors.spec import Element, Space, Structure

from ..forms import DIMENSIONS, VECTORS, best, fill, scores

LUCENE: list[tuple[Structure | None, Element, Space]] = [
    (None, "float", "cosinesimil"),
    ("hnsw", "float", "innerproduct"),
    ("hnsw", "float", "l2"),
    ("hnsw", "byte", "cosinesimil"),
]
FAISS: list[tuple[Structure | None, Element]] = [("on_disk", "float"), (None, "bit")]


@pytest.fixture
def index(ml_cluster: Cluster) -> Iterator[str]:
    name = f"test-{uuid4().hex[:12]}"
    yield name
    ml_cluster.write("DELETE", f"/{name}?ignore_unavailable=true")


def spec_of(index: str, structure: Structure | None, element: Element, space: Space = "cosinesimil") -> IndexSpec:
    field = DenseField(DIMENSIONS, kind="knn_vector", space=space, element=element, structure=structure)
    return IndexSpec(index, ("title",), dense=field)


@pytest.mark.engine
@pytest.mark.parametrize(("structure", "element", "space"), LUCENE)
def test_each_form_of_lucene_is_taken_filled_and_asked(
    ml_cluster: Cluster, index: str, structure: Structure | None, element: Element, space: Space
) -> None:
    spec = spec_of(index, structure, element, space)
    fill(ml_cluster, spec, [Encoded(dense=[float(x) for x in row]) for row in VECTORS])
    found = best(ml_cluster, spec, VECTORS[3].tolist(), 10)
    exact = dict(scores(space))
    assert len(found) == 10
    if space != "innerproduct":
        assert found[0][0] == "3"
    is_rounded = element == "byte"
    assert dict(found) == pytest.approx({id: exact[id] for id, _ in found}, rel=2e-2 if is_rounded else 1e-4)
    missed = set(list(exact)[:10]) - {id for id, _ in found}
    assert len(missed) <= (1 if is_rounded else 0)
    query = ml_cluster.dialect.exact_dense_query(spec, VECTORS[3].tolist())
    hits = ml_cluster.read("POST", f"/{index}/_search", {"query": query})["hits"]["hits"]
    assert {hit["_id"] for hit in hits} >= {id for id, _ in found[:8]}


@pytest.mark.engine
@pytest.mark.parametrize(("structure", "element"), FAISS)
def test_the_forms_of_faiss_are_taken_and_asked_for(
    ml_cluster: Cluster, index: str, structure: Structure | None, element: Element
) -> None:
    """No further: this engine came without faiss's native library, and the first document would end it."""
    spec = spec_of(index, structure, element)
    fill(ml_cluster, spec, [])
    assert best(ml_cluster, spec, VECTORS[3].tolist(), 10) == []


@pytest.mark.parametrize(
    ("version", "field", "reason"),
    [
        ("3.6.0", DenseField(64, kind="knn_vector", structure="bbq_hnsw"), "OpenSearch does not have"),
        ("3.6.0", DenseField(64, kind="knn_vector", structure="int8_hnsw"), "choose hnsw, on_disk"),
        ("2.8.0", DenseField(64, kind="knn_vector", element="byte"), r"came with OpenSearch 2\.9"),
        ("2.16.0", DenseField(64, kind="knn_vector", structure="on_disk"), r"came with OpenSearch 2\.17"),
        ("3.6.0", DenseField(64, kind="knn_vector", structure="on_disk", element="byte"), "choose hnsw"),
        ("3.6.0", DenseField(60, kind="knn_vector", element="bit"), "a multiple of 8"),
        ("3.6.0", DenseField(64, kind="knn_vector", element="byte", space="l2"), "keep directions only"),
        ("3.6.0", DenseField(64, kind="binary", element="byte"), "without k-NN"),
        ("3.6.0", DenseField(64, kind="binary", structure="on_disk"), "without k-NN"),
    ],
)
def test_what_a_release_or_an_index_cannot_have_is_said(version: str, field: DenseField, reason: str) -> None:
    with pytest.raises(BadSpec, match=reason):
        dialect_for("opensearch", version).own_properties(IndexSpec("i", ("title",), dense=field))


def test_what_opensearch_alone_has_is_no_form_of_elasticsearch() -> None:
    spec = IndexSpec("i", ("title",), dense=DenseField(64, kind="dense_vector", structure="on_disk"))
    with pytest.raises(BadSpec, match=r"is OpenSearch's; choose one of hnsw"):
        dialect_for("elasticsearch", "9.5.3").own_properties(spec)

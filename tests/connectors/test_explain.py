"""Each choice names what decided it."""

import pytest

from outrider.connectors import DenseField, IndexSpec, SparseField, explain
from outrider.connectors.capabilities import Capabilities, Distribution


def capabilities(
    distribution: Distribution,
    version: str,
    licence: str = "",
    modules: tuple[str, ...] = (),
    plugins: tuple[str, ...] = (),
) -> Capabilities:
    return Capabilities(distribution, version, 1, frozenset(plugins), {}, 10, frozenset(modules), licence)


def told(of: Capabilities, spec: IndexSpec | None = None) -> dict[str, str]:
    return {choice.what: f"{choice.chosen}: {choice.why}" for choice in explain(of, spec)}


def test_a_bare_opensearch_is_explained() -> None:
    choices = told(capabilities("opensearch", "3.8.0"))
    assert choices["dense"].startswith("binary: no opensearch-knn")
    assert choices["sparse"].startswith("rank_features")
    assert "opensearch-ml" in choices["encoding"]


@pytest.mark.parametrize(
    ("version", "dense", "sparse"),
    [
        ("8.10.4", "hnsw", "rank_features"),
        ("8.14.3", "int8_hnsw: the default of ours where 8.14.3 has it, not corrected", "term queries"),
        ("8.18.2", "corrected by the vectors themselves", "its own query"),
        ("9.5.3", "corrected by the vectors themselves", "pruning, on by default, is off"),
    ],
)
def test_each_elasticsearch_has_the_forms_of_its_version(version: str, dense: str, sparse: str) -> None:
    choices = told(capabilities("elasticsearch", version, "basic"))
    assert dense in choices["dense"]
    assert sparse in choices["sparse"]
    assert "Enterprise" in choices["encoding"]
    assert "Enterprise" in choices["fusion"]


def test_the_licence_decides_who_may_encode() -> None:
    paid = capabilities("elasticsearch", "9.4.3", "trial", modules=("x-pack-inference",))
    assert told(paid)["encoding"].startswith("native or sidecar")
    old = capabilities("elasticsearch", "9.0.4", "enterprise", modules=("x-pack-inference",))
    assert "8.19, or 9.1 or later" in told(old)["encoding"]


def test_a_trial_without_the_module_has_no_rank_fusion_of_its_own() -> None:
    trimmed = told(capabilities("elasticsearch", "9.4.3", "trial", modules=("x-pack-inference",)))
    assert "lacks module rank-rrf" in trimmed["fusion"]
    assert "licence" not in trimmed["fusion"]
    whole = told(capabilities("elasticsearch", "9.4.3", "trial", modules=("x-pack-inference", "rank-rrf")))
    assert "lacks" not in whole["fusion"]


def test_an_index_is_explained_as_it_is() -> None:
    spec = IndexSpec(
        "things",
        ("title",),
        dense=DenseField(64, kind="dense_vector", structure="flat"),
        sparse=SparseField(kind="sparse_vector"),
        fusion="rrf",
    )
    choices = told(capabilities("elasticsearch", "9.4.3", "basic"), spec)
    assert choices["dense"] == "dense_vector, float, flat: as the spec asks"
    assert choices["fusion"].startswith("rrf by the sidecar")
    assert "_source" not in choices

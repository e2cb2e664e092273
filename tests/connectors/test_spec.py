import json

import pytest

from outrider.connectors import BadSpec, DenseField, IndexSpec, ModelIdentity, Models, SparseField
from outrider.connectors.kept_spec import spec_from_meta, spec_to_meta
from outrider.connectors.spec import Pipelines

MODELS = Models(dense=ModelIdentity("d", "1"), sparse=ModelIdentity("s", "2"), dimension=4)


@pytest.mark.parametrize(
    "spec",
    [
        IndexSpec("things", ("title",)),
        IndexSpec("things", ("title", "a.b"), MODELS, DenseField(4), SparseField("w"), id_field="id", window=7),
        IndexSpec("things", ("t",), MODELS, DenseField(4, kind="knn_vector"), pipelines=Pipelines("i", "f", "r")),
    ],
)
def test_a_spec_survives_the_index_mapping(spec: IndexSpec) -> None:
    assert spec_from_meta(json.loads(json.dumps(spec_to_meta(spec))), "things") == spec


def test_an_alias_finds_the_spec_under_its_own_name() -> None:
    assert spec_from_meta(spec_to_meta(IndexSpec("things-1", ("t",))), "things").index == "things"


def test_a_layout_of_another_version_is_refused_by_number() -> None:
    with pytest.raises(BadSpec, match=r"layout 99.*reads 1"):
        spec_from_meta({"version": 99}, "things")


@pytest.mark.parametrize("fields", [(), ("",)])
def test_a_spec_names_text_fields(fields: tuple[str, ...]) -> None:
    with pytest.raises(BadSpec, match="no text fields"):
        IndexSpec("things", fields)


def test_only_models_whose_vectors_are_stored_are_kept_beside_them() -> None:
    assert IndexSpec("things", ("t",), MODELS, sparse=SparseField()).fingerprints() == {"sparse": "2"}

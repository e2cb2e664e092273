"""Spec files: what they say, and what is said of a bad one."""

import json
from pathlib import Path

import pytest

from outrider.connectors import (
    BadSpec,
    Boost,
    DenseField,
    IndexSpec,
    ModelIdentity,
    ModelMismatch,
    Models,
    Pruning,
    SparseField,
    TwoPhase,
)
from outrider.connectors.chunks import Chunking
from outrider.connectors.kept_spec import spec_from_meta, spec_to_meta
from outrider.connectors.patience import Deadlines, WhenEncoderDown
from outrider.connectors.spec import Weights
from outrider.connectors.specfile import read_spec_file, spec_as_yaml, spec_schema

MODELS = Models(ModelIdentity("minilm", "d1"), ModelIdentity("splade", "s1"), ModelIdentity("cross", "r1"), 384)
YAML = """\
index: products
text_fields: [title, body]
id_field: sku
models:
  dense: minilm
  sparse: {name: splade, fingerprint: s1}
dense: {space: innerproduct}
sparse: {prune: {ratio: 0.1}}
query_prune: {top_k: 32}
two_phase: {ratio: 0.3}
chunks:
  by: paragraph
  size: 200
  overlap: 20
  title: title
fusion: rrf
weights: {sparse: 0.5}
when_encoder_down: {writes: refuse}
deadlines: {encode_s: 0.3, rerank_s: 1}
boosts:
  - {field: sold, function: log1p, pivot: 50, weight: 0.5}
  - {field: released, function: decay, pivot: 30}
"""
TOML = """\
index = "products"
text_fields = ["title", "body"]
id_field = "sku"
fusion = "rrf"
query_prune = {top_k = 32}
two_phase = {ratio = 0.3}
sparse = {prune = {ratio = 0.1}}
[models]
dense = "minilm"
sparse = {name = "splade", fingerprint = "s1"}
[dense]
space = "innerproduct"
[chunks]
by = "paragraph"
size = 200
overlap = 20
title = "title"
[weights]
sparse = 0.5
[when_encoder_down]
writes = "refuse"
[deadlines]
encode_s = 0.3
rerank_s = 1
[[boosts]]
field = "sold"
function = "log1p"
pivot = 50
weight = 0.5
[[boosts]]
field = "released"
function = "decay"
pivot = 30
"""


def written(tmp_path: Path, text: str, name: str = "spec.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("text", "name"), [(YAML, "a.yaml"), (TOML, "a.toml")])
def test_a_file_is_an_index_spec(tmp_path: Path, text: str, name: str) -> None:
    declared = read_spec_file(written(tmp_path, text, name))
    spec = declared.spec(MODELS, DenseField(384, kind="knn_vector"), SparseField())
    assert spec == IndexSpec(
        "products",
        ("title", "body"),
        MODELS,
        DenseField(384, kind="knn_vector", space="innerproduct"),
        SparseField(prune=Pruning(0.1)),
        Chunking("paragraph", 200, 20, "title"),
        id_field="sku",
        fusion="rrf",
        weights=Weights(sparse=0.5),
        when_encoder_down=WhenEncoderDown("refuse", "bm25"),
        deadlines=Deadlines(0.3, 1.0),
        query_prune=Pruning(top_k=32),
        two_phase=TwoPhase(0.3),
        boosts=(Boost("sold", "log1p", 50, 0.5), Boost("released", "decay", 30)),
    )
    assert spec_from_meta(spec_to_meta(spec), "products") == spec
    assert read_spec_file(written(tmp_path, spec_as_yaml(spec), "again.yaml")).template.deadlines == spec.deadlines


def test_kinds_can_be_left_out(tmp_path: Path) -> None:
    text = "index: a\ntext_fields: [t]\nmodels: {dense: false, rerank: false}"
    spec = read_spec_file(written(tmp_path, text)).spec(MODELS, DenseField(384), SparseField())
    assert (spec.dense, spec.models.dense, spec.models.dimension, spec.models.rerank) == (None, None, None, None)
    assert spec.sparse == SparseField()


OTHERS = [
    ("dense: other", r"wants dense model other, the encoder serves minilm \(d1\)"),
    ("sparse: {name: splade, fingerprint: s2}", r"model splade \(s2\), the encoder serves splade \(s1\)"),
]


@pytest.mark.parametrize(("models", "said"), OTHERS)
def test_other_models_than_the_file_wants_are_refused_by_both_names(tmp_path: Path, models: str, said: str) -> None:
    declared = read_spec_file(written(tmp_path, f"index: a\ntext_fields: [t]\nmodels: {{{models}}}"))
    with pytest.raises(ModelMismatch, match=said):
        declared.spec(MODELS, DenseField(384), SparseField())


BAD = [
    ("", "holds keys such as 'index: products', this one holds None"),
    ("- a", "this one holds ['a']"),
    ("index: a", ":1: text_fields: this key is missing"),
    ("index: a\ntext_fields: [t]\nfusoin: rrf", ":3: fusoin: this key is not known; did you mean 'fusion'?"),
    ("index: a\ntext_fields: [t]\nfusion: best", ":3: fusion: 'best' does not go here: it should be 'min_max'"),
    ("index: a\ntext_fields: t", ":2: text_fields: 't' does not go here"),
    ("index: a\ntext_fields: [t, 5]", ":2: text_fields.1: 5 does not go here: it should be a valid string"),
    ("index: a\ntext_fields: []", "names no text fields"),
    ("index: a\ntext_fields: [t]\nwindow: '5'", ":3: window: '5' does not go here"),
    ("index: a\ntext_fields: [t]\nwindow: 0", "must be at least 1"),
    ("index: a\ntext_fields: [t]\nweights:\n  bm25: -1", "must be numbers from 0 up"),
    ("index: a\ntext_fields: [t]\ntie_breaker: .nan", ":3: tie_breaker"),
    ("index: a\ntext_fields: [t]\nchunks: {by: page}", ":3: chunks.by: 'page' does not go here"),
    ("index: a\ntext_fields: [t]\nchunks: {title: nowhere}", "'nowhere' is none of its text fields"),
    ("index: a\ntext_fields: [t]\nchunks: {}\nway: native", "know no chunks; leave it out, or set way to sidecar"),
    ("index: a\ntext_fields: [t]\nmodels:\n  dense: [1]", ":4: models.dense: [1] names no model"),
    ("index: a\ntext_fields: [t]\nmodels: {dense: false}\ndense: {}", "take one of them out"),
    ("index: a\ntext_fields: [t]\ndense: {dimension: 5}", ":3: dense.dimension: this key is not known"),
    ("index: a\ntext_fields: [t]\ndeadlines: {rerank_s: 0}", "deadlines.rerank_s is 0"),
    ("index: a\ntext_fields: [t]\nwhen_encoder_down: {writes: lose}", ":3: when_encoder_down.writes: 'lose'"),
    ("index: a\nindex: b", ":2: the key 'index' stands here a second time"),
    ("index: a\ntext_fields: [t]\nboosts: [{field: a}]", ":3: boosts.0.function: this key is missing"),
    (
        "index: a\ntext_fields: [t]\nboosts:\n  - {field: a, functoin: x}",
        ":4: boosts.0.functoin: this key is not known",
    ),
    ("index: a\ntext_fields: [t]\nboosts: [{field: a, function: log1p, pivot: 0}]", "the boost by 'a': pivot is 0"),
    ("index: a\ntext_fields: [t]\nway: native\nboosts: [{field: a, function: log1p}]", "know no boosts"),
    ("index: a\ntext_fields: [t]\nquery_prune: {ratio: 2}", "ratio is 2.0; it must be a number between 0 and 1"),
    (
        "index: a\ntext_fields: [t]\nsparse:\n  prune: {topk: 5}",
        ":4: sparse.prune.topk: this key is not known; did you",
    ),
    ("index: &x a\ntext_fields: [*x]", ":2: aliases"),
    ("index: [", ":1: this is not YAML"),
    ("index: \x00", "this is not YAML"),
    ("index: !!python/object:os.system a", ":1: this is not YAML"),
    ("[" * 5000, "this is not YAML"),
    ("index: 2026-01-01\ntext_fields: [t]\nid_field: 5", ":3: id_field: 5"),
]


@pytest.mark.parametrize(("text", "said"), BAD, ids=range(len(BAD)))
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadSpec) as refused:
        read_spec_file(written(tmp_path, text))
    assert "spec.yaml" in str(refused.value)
    assert said in str(refused.value)


def test_every_mistake_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadSpec) as refused:
        read_spec_file(written(tmp_path, "fusion: best\nwindow: x"))
    assert len(str(refused.value).splitlines()) == 4


def test_toml_has_lines_too(tmp_path: Path) -> None:
    with pytest.raises(BadSpec, match=r":4: weights\.bm25"):
        read_spec_file(written(tmp_path, 'index = "a"\ntext_fields = ["t"]\n[weights]\nbm25 = "x"', "a.toml"))
    with pytest.raises(BadSpec, match=r":2: this is not TOML"):
        read_spec_file(written(tmp_path, 'index = "a"\ntext_fields = [', "a.toml"))


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadSpec, match="no spec file by its name"):
        read_spec_file(written(tmp_path, "{}", "a.json"))
    with pytest.raises(BadSpec, match="cannot be read: No such file"):
        read_spec_file(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"index: caf\xe9")
    with pytest.raises(BadSpec, match="is not UTF-8: byte 10 is 0xe9"):
        read_spec_file(tmp_path / "latin.yaml")
    with pytest.raises(BadSpec, match="1000000 at most"):
        read_spec_file(written(tmp_path, "#" * 1_000_001))


def test_the_schema_describes_every_key() -> None:
    schema = spec_schema()
    assert schema["required"] == ["index", "text_fields"]
    keys = [
        schema["properties"],
        *(each["properties"] for name, each in schema["$defs"].items() if name != "PinnedModel"),
    ]
    assert all(key.get("description") for properties in keys for key in properties.values())
    assert json.loads(json.dumps(schema)) == schema

"""Plan, apply and destroy on a real engine: nothing is sent that was not shown, and nothing of a user's is taken."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from outrider.connectors import (
    BadSpec,
    Cluster,
    Declared,
    Document,
    DryRun,
    Encoder,
    Plan,
    apply,
    destroy,
    index_documents,
    leftovers,
    make_plan,
    read_spec,
    read_spec_file,
    require_spec,
    spec_as_yaml,
    store_spec,
)

pytestmark = pytest.mark.engine


@pytest.fixture
def name(cluster: Cluster) -> Iterator[str]:
    name = f"test-{uuid4().hex[:12]}"
    yield name
    cluster.write("DELETE", f"/{name}?ignore_unavailable=true")


@pytest.fixture
def declared(name: str, tmp_path: Path) -> Declared:
    return declare(tmp_path, name)


def declare(tmp_path: Path, name: str, more: str = "") -> Declared:
    path = tmp_path / "spec.yaml"
    path.write_text(f"index: {name}\ntext_fields: [title, body]\nid_field: id\n{more}")
    return read_spec_file(path)


def keys(plan: Plan) -> dict[str, str]:
    return {change.key: change.kind for change in plan.changes}


def test_a_plan_changes_nothing_and_applied_it_is_empty(
    cluster: Cluster, declared: Declared, name: str, encoder: Encoder
) -> None:
    plan = make_plan(cluster, declared, encoder.models)
    assert [(request.method, request.path) for request in plan.requests] == [("PUT", f"/{name}")]
    assert keys(plan)["dense.kind"] == "add"
    assert read_spec(cluster, name) is None
    apply(cluster, plan)
    assert read_spec(cluster, name) == plan.spec
    again = make_plan(cluster, declared, encoder.models)
    assert again.is_empty
    apply(cluster, again)


def test_what_differs_is_shown_key_by_key_and_changed(
    cluster: Cluster, declared: Declared, name: str, encoder: Encoder, tmp_path: Path
) -> None:
    apply(cluster, make_plan(cluster, declared, encoder.models))
    other = declare(tmp_path, name, "fusion: rrf\nweights: {bm25: 0.5}\n")
    plan = make_plan(cluster, other, encoder.models)
    assert sorted(map(str, plan.changes)) == ["~ fusion: min_max -> rrf", "~ weights.bm25: 1.0 -> 0.5"]
    apply(cluster, plan)
    assert require_spec(cluster, name).fusion == "rrf"
    assert make_plan(cluster, other, encoder.models).is_empty


@pytest.mark.parametrize("more", ["chunks: {by: tokens}", "models: {dense: false}", "sparse: {name: elsewhere}"])
def test_what_stored_vectors_depend_on_is_a_conflict(
    cluster: Cluster, declared: Declared, name: str, encoder: Encoder, tmp_path: Path, more: str
) -> None:
    apply(cluster, make_plan(cluster, declared, encoder.models))
    plan = make_plan(cluster, declare(tmp_path, name, more), encoder.models)
    assert plan.conflicts
    with pytest.raises(BadSpec, match="outrider migrate"):
        apply(cluster, plan)
    assert plan.requests == ()


def test_an_index_that_was_there_keeps_what_it_has(
    cluster: Cluster, declared: Declared, name: str, encoder: Encoder
) -> None:
    mine = {"_meta": {"team": "shop"}, "properties": {"title": {"type": "text", "analyzer": "english"}}}
    cluster.write("PUT", f"/{name}", {"mappings": mine})
    plan = make_plan(cluster, declared, encoder.models)
    assert [(request.method, request.path) for request in plan.requests] == [("PUT", f"/{name}/_mapping")]
    apply(cluster, plan)
    mapping = cluster.read("GET", f"/{name}/_mapping")[name]["mappings"]
    assert (mapping["_meta"]["team"], mapping["properties"]["title"]["analyzer"]) == ("shop", "english")


def test_a_field_of_another_kind_is_a_conflict_and_a_missing_one_is_added(
    cluster: Cluster, declared: Declared, name: str, encoder: Encoder
) -> None:
    spec = make_plan(cluster, declared, encoder.models).spec
    meta = DryRun(cluster)
    apply(meta, make_plan(cluster, declared, encoder.models))
    body: Any = meta.requests[0].body
    properties = dict(body["mappings"]["properties"])
    del properties["outrider_sparse"]
    cluster.write("PUT", f"/{name}", {"mappings": {**body["mappings"], "properties": properties}})
    plan = make_plan(cluster, declared, encoder.models)
    assert keys(plan) == {"mapping.outrider_sparse": "add"}
    apply(cluster, plan)
    assert make_plan(cluster, declared, encoder.models).is_empty
    cluster.write("DELETE", f"/{name}")
    wrong = {**properties, "outrider_dense": {"type": "keyword"}}
    cluster.write("PUT", f"/{name}", {"mappings": {**body["mappings"], "properties": wrong}})
    (conflict,) = make_plan(cluster, declared, encoder.models).conflicts
    assert conflict.key == "mapping.outrider_dense"
    assert "keyword" in str(conflict)
    assert read_spec(cluster, name) == spec


def test_a_spec_that_was_changed_by_hand_is_noticed_and_mended(
    cluster: Cluster, declared: Declared, name: str, encoder: Encoder
) -> None:
    apply(cluster, make_plan(cluster, declared, encoder.models))
    store_spec(cluster, replace(require_spec(cluster, name), window=50))
    tuned = make_plan(cluster, declared, encoder.models)
    assert (list(map(str, tuned.changes)), tuned.notes) == (["~ window: 50 -> 100"], ())
    meta = cluster.read("GET", f"/{name}/_mapping")[name]["mappings"]["_meta"]["outrider"]
    cluster.write("PUT", f"/{name}/_mapping", {"_meta": {"outrider": {**meta, "fusion": "l2"}}})
    edited = make_plan(cluster, declared, encoder.models)
    assert "~ fusion: l2 -> min_max" in map(str, edited.changes)
    assert edited.notes == (f"the spec in the mapping of '{name}' was changed by hand",)
    del meta["models"]
    cluster.write("PUT", f"/{name}/_mapping", {"_meta": {"outrider": meta}})
    with pytest.raises(BadSpec, match="outrider apply"):
        require_spec(cluster, name)
    broken = make_plan(cluster, declared, encoder.models)
    assert any("cannot be read" in note for note in broken.notes)
    apply(cluster, broken)
    assert make_plan(cluster, declared, encoder.models).is_empty


def test_a_model_by_another_name_is_the_same_model(cluster: Cluster, declared: Declared, encoder: Encoder) -> None:
    apply(cluster, make_plan(cluster, declared, encoder.models))
    assert encoder.models.dense is not None
    renamed = replace(encoder.models, dense=replace(encoder.models.dense, name="alias"))
    assert make_plan(cluster, declared, renamed).is_empty


def test_a_written_spec_file_plans_nothing(cluster: Cluster, name: str, encoder: Encoder, tmp_path: Path) -> None:
    more = (
        "chunks: {by: heading, size: 100, title: title}\nfusion: z_score\nmodels: {rerank: false}\nrerank_window: 20\n"
        "sparse: {prune: {ratio: 0.1}}\nquery_prune: {top_k: 32}\ntwo_phase: {window: 300}\n"
        "boosts: [{field: sold, function: log1p}, {field: price, function: decay, origin: 20, pivot: 5}]\n"
    )
    apply(cluster, make_plan(cluster, declare(tmp_path, name, more), encoder.models))
    path = tmp_path / "again.yaml"
    path.write_text(spec_as_yaml(require_spec(cluster, name)))
    assert make_plan(cluster, read_spec_file(path), encoder.models).is_empty


@pytest.mark.parametrize("chunks", ["", "chunks: {title: title}\n"])
def test_destroy_takes_what_is_ours_and_nothing_else(
    cluster: Cluster, name: str, encoder: Encoder, tmp_path: Path, chunks: str
) -> None:
    cluster.write("PUT", f"/_ingest/pipeline/{name}", {"processors": [{"set": {"field": "piped", "value": True}}]})
    cluster.write("PUT", f"/{name}", {"mappings": {"_meta": {"team": "shop"}}})
    apply(cluster, make_plan(cluster, declare(tmp_path, name, chunks), encoder.models))
    documents = [Document(n, {"id": f"d{n}", "title": f"cat {n}", "price": n}) for n in range(1, 41)]
    index_documents(cluster, require_spec(cluster, name), encoder, documents)
    cluster.write("PUT", f"/{name}/_doc/plain?refresh=true", {"title": "not ours"})
    cluster.write("PUT", f"/{name}/_settings", {"index.default_pipeline": name})
    found = leftovers(cluster, name)
    assert (found.documents, found.enriched) == (41, 40)
    seen: list[tuple[int, int]] = []
    destroy(cluster, name, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (40, 40)
    hits = cluster.read("POST", f"/{name}/_search", {"size": 100})["hits"]["hits"]
    expected = {"plain": {"title": "not ours"}, **{d.body["id"]: dict(d.body) for d in documents}}
    assert {hit["_id"]: {k: v for k, v in hit["_source"].items() if k != "piped"} for hit in hits} == expected
    assert not any("piped" in hit["_source"] for hit in hits)
    assert cluster.read("GET", f"/{name}/_mapping")[name]["mappings"]["_meta"] == {"team": "shop"}
    assert leftovers(cluster, name).spec is None
    assert destroy(cluster, name).spec is None
    cluster.write("PUT", f"/{name}/_settings", {"index.default_pipeline": None})
    cluster.write("DELETE", f"/_ingest/pipeline/{name}")


def test_requests_can_be_printed(cluster: Cluster, declared: Declared, encoder: Encoder) -> None:
    plan = make_plan(cluster, declared, encoder.models)
    assert json.loads(plan.requests[0].as_console().partition("\n")[2])["mappings"]["_meta"]["outrider"]["version"] == 1

"""The native way on a real OpenSearch with k-NN, neural-search and ML Commons, and a real sidecar behind it."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from outrider.connectors import (
    BadQuery,
    DenseField,
    Document,
    DryRun,
    Encoder,
    IndexingStopped,
    IndexSpec,
    Mode,
    NativeSearcher,
    NotRegistered,
    OpenSearchCluster,
    RequestRefused,
    Searcher,
    SettingInTheWay,
    SparseField,
    examine,
    index_documents,
    read_spec,
    register,
    unregister,
)
from outrider.plugin.client import SidecarClient

pytestmark = pytest.mark.engine

DOCUMENTS = 200
MODES: tuple[Mode, ...] = ("bm25", "dense", "sparse", "fused", "reranked")


def new_spec(encoder: Encoder) -> IndexSpec:
    models = encoder.models
    assert models.dimension
    dense = DenseField(models.dimension, kind="knn_vector")
    return IndexSpec(f"native-{uuid4().hex[:8]}", ("title", "text"), models, dense, SparseField(), id_field="id")


@pytest.fixture(scope="module")
def native(ml_cluster: OpenSearchCluster, sidecar: Any, models: SidecarClient) -> Iterator[IndexSpec]:
    """A registered index, empty at first."""
    spec = register(ml_cluster, new_spec(models), sidecar.url, apply_settings=True)
    yield spec
    if read_spec(ml_cluster, spec.index):
        unregister(ml_cluster, spec.index, delete_index=True)


@pytest.fixture(scope="module")
def collection(data_dir: Path) -> list[Document]:
    with gzip.open(data_dir / "wiki-multihop" / "corpus.jsonl.gz") as lines:
        rows = [json.loads(line) for line in islice(lines, DOCUMENTS)]
    return [Document(n, {"id": row.pop("_id"), **row}) for n, row in enumerate(rows, start=1)]


@pytest.fixture(scope="module")
def questions(data_dir: Path) -> list[str]:
    with (data_dir / "wiki-multihop" / "queries.jsonl").open() as lines:
        return [json.loads(line)["text"] for line in islice(lines, 15)]


@pytest.fixture(scope="module")
def filled(
    ml_cluster: OpenSearchCluster, native: IndexSpec, models: SidecarClient, collection: list[Document]
) -> IndexSpec:
    report = index_documents(ml_cluster, native, models, collection)
    assert (report.written, report.failed, report.blank) == (DOCUMENTS, 0, 0)
    return native


def test_settings_in_the_way_are_named_with_the_command_and_left_alone(
    ml_cluster: OpenSearchCluster, models: SidecarClient
) -> None:
    before = ml_cluster.read("GET", "/_cluster/settings")
    with pytest.raises(SettingInTheWay, match=r"trusted_connector_endpoints_regex.*\ncurl -XPUT .*elsewhere"):
        register(ml_cluster, new_spec(models), "http://elsewhere:1")
    assert ml_cluster.read("GET", "/_cluster/settings") == before


def test_the_doctor_sees_plugins_and_settings(ml_cluster: OpenSearchCluster) -> None:
    diagnosis = examine(ml_cluster, "http://elsewhere:1")
    blocking = [finding for finding in diagnosis.findings if finding.severity == "in the way"]
    assert diagnosis.way == "native"
    assert all(finding.remedy and "elsewhere" in finding.what for finding in blocking)
    assert any("trusted_connector_endpoints_regex" in finding.what for finding in blocking)


def test_a_dry_run_names_every_request_and_sends_none(
    ml_cluster: OpenSearchCluster, sidecar: Any, models: SidecarClient
) -> None:
    dry = DryRun(ml_cluster)
    spec = register(dry, new_spec(models), sidecar.url, api_key="very secret", apply_settings=True)
    paths = [request.path for request in dry.requests]
    assert paths[-4:] == [
        f"/_ingest/pipeline/outrider-{spec.index}-ingest",
        f"/_search/pipeline/outrider-{spec.index}-fused",
        f"/_search/pipeline/outrider-{spec.index}-reranked",
        f"/{spec.index}",
    ]
    assert paths.count("/_plugins/_ml/connectors/_create") == 5
    assert "very secret" not in "".join(request.as_console() for request in dry.requests)
    assert read_spec(ml_cluster, spec.index) is None


def test_registering_again_changes_nothing(ml_cluster: OpenSearchCluster, native: IndexSpec, sidecar: Any) -> None:
    dry = DryRun(ml_cluster)
    register(dry, native, sidecar.url, apply_settings=True)
    assert dry.requests == []


@pytest.mark.parametrize("mode", MODES)
def test_both_ways_give_the_same_top_ten(
    ml_cluster: OpenSearchCluster, filled: IndexSpec, models: SidecarClient, questions: list[str], mode: Mode
) -> None:
    by_engine = NativeSearcher(ml_cluster, filled)
    by_sidecar = Searcher(
        ml_cluster, replace(filled, rerank_weight=1.0), models
    )  # the engine's processor knows no other
    asked = questions if mode != "reranked" else questions[:5]
    for question in asked:
        found = [(result.id, result.score) for result in by_engine.search(question, mode).results]
        expected = [(result.id, result.score) for result in by_sidecar.search(question, mode).results]
        assert [id for id, _ in found] == [id for id, _ in expected], question
        if mode != "reranked":  # the engine shows probabilities, the sidecar may show logits
            assert [score for _, score in found] == pytest.approx([score for _, score in expected], rel=1e-4)


@pytest.mark.parametrize("mode", MODES)
def test_filters_and_pages_are_the_same_in_both_ways(
    ml_cluster: OpenSearchCluster, filled: IndexSpec, models: SidecarClient, questions: list[str], mode: Mode
) -> None:
    by_engine = NativeSearcher(ml_cluster, filled)
    by_sidecar = Searcher(ml_cluster, replace(filled, rerank_weight=1.0), models)
    some = {"ids": {"values": [f"w{n:05}" for n in range(1, 60)]}}
    asked = {"mode": mode, "size": 5, "offset": 5, "filter": some}
    for question in questions[:3]:
        found, expected = (
            [result.id for result in each.search(question, **asked).results]  # type: ignore[arg-type]
            for each in (by_engine, by_sidecar)
        )
        assert found == expected, question
    assert set(found) <= set(some["ids"]["values"])


def test_what_the_pipeline_stores_is_what_the_sidecar_stores(
    ml_cluster: OpenSearchCluster, filled: IndexSpec, models: SidecarClient, collection: list[Document]
) -> None:
    by_sidecar = replace(new_spec(models), index=f"{filled.index}-sidecar")
    some = [*collection[:20], Document(0, {"id": "blank", "title": " "})]
    for spec in (by_sidecar, filled):
        index_documents(ml_cluster, spec, models, some)
    for document in some:
        path = f"/_doc/{document.body['id']}"
        found, expected = (ml_cluster.read("GET", f"/{i}{path}")["_source"] for i in (filled.index, by_sidecar.index))
        assert found["outrider"].pop("gap") == " "
        assert found["outrider"] == expected["outrider"]
        assert found.get("outrider_dense", []) == pytest.approx(expected.get("outrider_dense", []), abs=1e-4)
        assert found.get("outrider_sparse", {}) == pytest.approx(expected.get("outrider_sparse", {}), rel=1e-3)
    ml_cluster.write("DELETE", f"/{by_sidecar.index}")


def test_what_the_pipeline_encoded_is_not_encoded_again(
    ml_cluster: OpenSearchCluster, filled: IndexSpec, models: SidecarClient, collection: list[Document]
) -> None:
    again = index_documents(ml_cluster, filled, models, collection)
    assert (again.skipped, again.written) == (DOCUMENTS, 0)


def test_an_application_that_knows_nothing_of_us_gets_its_documents_encoded(
    ml_cluster: OpenSearchCluster, filled: IndexSpec
) -> None:
    rows = [{"title": " Spaced ", "text": None}, {"title": "", "text": " "}, {"title": 5}, {"title": "café"}]
    lines = [line for n, row in enumerate(rows) for line in ({"index": {"_id": f"app{n}"}}, row)]
    bulk = "".join(json.dumps(line) + "\n" for line in lines).encode()
    assert ml_cluster.write("POST", f"/{filled.index}/_bulk?refresh=true", bulk)["errors"] is False
    marks = [ml_cluster.read("GET", f"/{filled.index}/_doc/app{n}")["_source"]["outrider"] for n in range(4)]
    assert [mark["state"] for mark in marks] == ["encoded", "blank", "failed", "encoded"]
    assert "'title' holds something other than text" in marks[2]["error"]


@pytest.mark.parametrize(
    "body", [{"title": "null \u0000 byte"}, {"title": "cat " * 25_000}, {"title": 'quoted "x" \\'}]
)
def test_odd_texts_go_through_the_cluster(
    ml_cluster: OpenSearchCluster, filled: IndexSpec, models: SidecarClient, body: dict[str, Any]
) -> None:
    report = index_documents(ml_cluster, filled, models, [Document(1, {"id": "odd", **body})])
    assert (report.written, report.failed) == (1, 0)


def test_a_query_that_reads_as_json_cannot_be_reranked_by_the_engine_and_can_by_the_sidecar(
    ml_cluster: OpenSearchCluster, filled: IndexSpec, models: SidecarClient
) -> None:
    with pytest.raises(BadQuery, match="reads as JSON"):
        NativeSearcher(ml_cluster, filled).search('["cat"]')
    assert NativeSearcher(ml_cluster, filled).search('["cat"]', "fused").results
    assert Searcher(ml_cluster, filled, models).search('["cat"]').results


def test_a_sidecar_that_is_away_is_no_success(
    ml_cluster: OpenSearchCluster, models: SidecarClient, collection: list[Document], start_sidecar: Any
) -> None:
    with start_sidecar() as other:
        spec = register(ml_cluster, new_spec(models), other.url, apply_settings=True)
    with pytest.raises(IndexingStopped, match="could encode none of 10 documents") as stopped:
        index_documents(ml_cluster, spec, models, collection[:10], patience_s=1)
    assert (stopped.value.report.written, stopped.value.report.unfinished) == (0, 10)
    failed = {"query": {"term": {"outrider.state": "failed"}}}
    ml_cluster.write("POST", f"/{spec.index}/_refresh")
    assert ml_cluster.read("POST", f"/{spec.index}/_count", failed)["count"] == 10
    unregister(ml_cluster, spec.index, delete_index=True)


def test_unregistering_removes_what_was_made_and_keeps_the_documents(
    ml_cluster: OpenSearchCluster, filled: IndexSpec, models: SidecarClient, sidecar: Any, questions: list[str]
) -> None:
    kept = register(ml_cluster, new_spec(models), sidecar.url, apply_settings=True)
    unregister(ml_cluster, filled.index)
    assert left_over(ml_cluster, filled.index) == []
    assert NativeSearcher(ml_cluster, kept).search(questions[0], "dense").results == ()
    stored = read_spec(ml_cluster, filled.index)
    assert stored is not None
    assert Searcher(ml_cluster, stored, models).search(questions[0]).results
    with pytest.raises(NotRegistered):
        NativeSearcher(ml_cluster, stored)
    unregister(ml_cluster, kept.index, delete_index=True)
    assert left_over(ml_cluster, "") == []
    ml_cluster.write("DELETE", f"/{filled.index}")


def left_over(cluster: OpenSearchCluster, index: str) -> list[str]:
    """Names of pipelines for the index; without one, of everything that we ever made."""
    found = []
    for path in ("/_ingest/pipeline", "/_search/pipeline"):
        try:
            found += [name for name in cluster.read("GET", path) if name.startswith(f"outrider-{index}")]
        except RequestRefused:  # 404: there is none at all
            continue
    if not index:
        for kind in ("connectors", "models", "model_groups"):
            body = {"query": {"prefix": {"name.keyword": "outrider"}}}
            hits = cluster.read("POST", f"/_plugins/_ml/{kind}/_search", body)["hits"]["hits"]
            found += [hit["_source"]["name"] for hit in hits]
    return found

"""Documents into a real, bare OpenSearch."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from outrider.connectors import (
    BadSpec,
    Cluster,
    DenseField,
    DimensionMismatch,
    Document,
    DryRun,
    Encoder,
    IndexingReport,
    IndexingStopped,
    IndexSpec,
    ModelIdentity,
    ModelMismatch,
    Unreadable,
    ensure_index,
    index_documents,
    read_spec,
    require_spec,
    spec_for,
)

pytestmark = pytest.mark.engine


def documents(*bodies: dict[str, Any]) -> list[Document]:
    return [Document(n, {"id": f"d{n}", **body}) for n, body in enumerate(bodies, start=1)]


def source(cluster: Cluster, spec: IndexSpec, id: str) -> dict[str, Any]:
    found: dict[str, Any] = cluster.read("GET", f"/{spec.index}/_doc/{id}")["_source"]
    return found


def count(cluster: Cluster, spec: IndexSpec, query: dict[str, Any] | None = None) -> int:
    body = {"query": query} if query else None
    return int(cluster.read("POST", f"/{spec.index}/_count", body)["count"])


def test_a_document_is_stored_with_its_vectors_and_of_what_they_are(
    cluster: Cluster, spec: IndexSpec, encoder: Encoder
) -> None:
    report = index_documents(cluster, spec, encoder, documents({"title": "Cat", "body": "and dog", "price": 5}))
    stored = source(cluster, spec, "d1")
    assert str(report) == "1 seen, 1 written, 0 unchanged, 0 failed"
    assert (stored["title"], stored["price"]) == ("Cat", 5)
    assert stored["outrider_sparse"] == {"cat": 1.0, "and": 1.0, "dog": 1.0}
    assert stored["outrider"]["models"] == {"dense": "d1", "sparse": "s1"}
    assert count(cluster, spec, {"exists": {"field": "outrider_dense"}}) == 1


@pytest.mark.parametrize("body", [{"title": ""}, {"title": None}, {}, {"title": " ", "body": "\n"}])
def test_a_document_without_text_is_stored_without_vectors_and_said_so(
    cluster: Cluster, spec: IndexSpec, encoder: Encoder, body: dict[str, Any]
) -> None:
    report = index_documents(cluster, spec, encoder, documents(body))
    assert (report.written, report.blank, report.failed) == (1, 1, 0)
    assert "1 of the written without text" in str(report)
    assert source(cluster, spec, "d1") == {"id": "d1", **body, "outrider": {"state": "blank"}}


def test_every_bad_document_fails_alone_with_its_reason(
    cluster: Cluster, spec: IndexSpec, encoder: Encoder, tmp_path: Path
) -> None:
    bad: list[Document | Unreadable] = [
        Document(1, {"id": "number", "title": 5}),
        Document(2, {"id": "surrogate", "title": "\ud83d"}),
        Document(3, {"id": "unspeakable", "title": "unspeakable"}),
        Document(4, {"title": "no id"}),
        Document(5, {"id": "x" * 600, "title": "long id"}),
        Document(6, {"id": "nan", "title": "cat", "price": float("nan")}),
        Document(7, {"id": "mapping", "title": "cat", "tags": 5}),
        Unreadable(8, "{", "line 8 is not JSON"),
    ]
    good = [Document(n, {"id": f"good{n}", "title": "cat", "tags": {"of": "cat"}}) for n in range(9, 12)]
    letters = tmp_path / "letters.jsonl"
    report = index_documents(cluster, spec, encoder, [good[0], *bad, *good[1:]], dead_letters=letters)
    assert (report.seen, report.written, report.failed, report.unfinished) == (11, 3, 8, 0)
    reasons = {each["position"]: each["reason"] for each in map(json.loads, letters.read_text().splitlines())}
    expected = ["'title' holds int 5", "surrogate", "unspeakable", "id field", "600 bytes", "JSON", "tags", "line 8"]
    assert [word for place, word in enumerate(expected, start=1) if word not in reasons[place]] == []
    assert count(cluster, spec) == 3


def test_three_bad_of_ten_thousand_cost_only_themselves(cluster: Cluster, spec: IndexSpec, encoder: Encoder) -> None:
    bad: dict[int, dict[str, Any]] = {
        17: {"title": 17},
        5000: {"title": "unspeakable"},
        9999: {"title": "cat", "n": "not a number"},
    }
    docs = (Document(n, {"id": n, **bad.get(n, {"title": f"cat {n}", "n": n})}) for n in range(1, 10_001))
    report = index_documents(cluster, spec, encoder, docs, batch_size=500)
    assert (report.seen, report.written, report.failed) == (10_000, 9_997, 3)
    assert sorted(outcome.position for outcome in report.first_failures) == [17, 5000, 9999]
    assert count(cluster, spec) == 9_997
    assert count(cluster, spec, {"exists": {"field": "outrider_dense"}}) == 9_997


def test_a_long_text_and_a_token_with_a_dot_are_stored_and_found(
    cluster: Cluster, spec: IndexSpec, encoder: Encoder
) -> None:
    long = "cat " * 25_000
    report = index_documents(cluster, spec, encoder, documents({"title": long}, {"title": "node.js %"}))
    assert (report.written, report.failed) == (2, 0)
    assert source(cluster, spec, "d2")["outrider_sparse"] == {"node%2Ejs": 1.0, "%25": 1.0}


def test_the_same_command_again_changes_nothing(
    cluster: Cluster, spec: IndexSpec, new_encoder: Callable[..., Any]
) -> None:
    docs = documents({"title": "cat"}, {"title": "dog", "price": 1.0}, {"title": ""})
    index_documents(cluster, spec, new_encoder(), docs)
    again = new_encoder()
    report = index_documents(cluster, spec, again, docs)
    assert (report.written, report.skipped) == (0, 3)
    assert again.encoded == []
    assert cluster.read("GET", f"/{spec.index}/_doc/d1")["_version"] == 1


def test_only_what_changed_is_written_again(cluster: Cluster, spec: IndexSpec, new_encoder: Callable[..., Any]) -> None:
    index_documents(cluster, spec, new_encoder(), documents({"title": "cat"}, {"title": "dog", "price": 1}))
    again = new_encoder()
    report = index_documents(cluster, spec, again, documents({"title": "cat"}, {"title": "dog", "price": 2}))
    assert (report.written, report.skipped) == (1, 1)
    assert source(cluster, spec, "d2")["price"] == 2


def test_the_last_of_several_documents_with_one_id_stands(cluster: Cluster, spec: IndexSpec, encoder: Encoder) -> None:
    for _ in range(2):
        docs = [Document(n, {"id": "same", "title": f"cat {n}"}) for n in range(1, 8)]
        report = index_documents(cluster, spec, encoder, docs, workers=4)
        assert source(cluster, spec, "same")["title"] == "cat 7"
        assert (report.seen, report.failed, report.unfinished) == (7, 0, 0)


def test_an_encoder_that_goes_away_stops_the_run_and_the_same_command_finishes_it(
    cluster: Cluster, spec: IndexSpec, new_encoder: Callable[..., Any]
) -> None:
    docs = documents(*({"title": f"cat {n}"} for n in range(100)))
    with pytest.raises(IndexingStopped, match=r"the encoder is away.*not finished") as stopped:
        index_documents(cluster, spec, new_encoder(answers=3), docs, batch_size=10, workers=2, patience_s=0.1)
    assert stopped.value.report.written == 30
    report = index_documents(cluster, spec, new_encoder(), docs, batch_size=10)
    assert (report.seen, report.written, report.skipped) == (100, 70, 30)
    assert count(cluster, spec, {"term": {"outrider.state": "encoded"}}) == 100


def test_failures_that_cannot_be_put_on_record_are_not_counted(
    cluster: Cluster, spec: IndexSpec, encoder: Encoder
) -> None:
    with pytest.raises(IndexingStopped, match="/dev/full") as stopped:
        index_documents(cluster, spec, encoder, documents({"title": 5}), dead_letters=Path("/dev/full"))
    assert (stopped.value.report.failed, stopped.value.report.unfinished) == (0, 1)


def test_progress_is_told_as_it_happens(cluster: Cluster, spec: IndexSpec, encoder: Encoder) -> None:
    seen: list[int] = []

    def on_progress(report: IndexingReport) -> None:
        seen.append(report.written)

    index_documents(
        cluster, spec, encoder, documents(*({"title": "cat"} for _ in range(6))), batch_size=2, on_progress=on_progress
    )
    assert seen == [2, 4, 6]


def test_vectors_of_another_model_are_refused_by_both_names(
    cluster: Cluster, spec: IndexSpec, encoder: Encoder, new_encoder: Callable[..., Any]
) -> None:
    index_documents(cluster, spec, encoder, documents({"title": "cat"}))
    other = replace(encoder.models, dense=ModelIdentity("other", "d2"))
    with pytest.raises(ModelMismatch, match=r"counting-dense \(d1\).*other \(d2\)"):
        index_documents(cluster, spec, new_encoder(models=other), documents({"title": "cat"}))
    with pytest.raises(BadSpec, match="made otherwise"):
        ensure_index(cluster, replace(spec, models=other))


def test_vectors_of_another_length_stop_the_run(cluster: Cluster, spec: IndexSpec, encoder: Encoder) -> None:
    wrong = replace(spec, dense=DenseField(3))
    with pytest.raises(IndexingStopped, match="expects 3 numbers, the encoder gives 4") as stopped:
        index_documents(cluster, wrong, encoder, documents({"title": "cat"}))
    assert isinstance(stopped.value.__cause__, DimensionMismatch)


def test_an_index_that_was_there_keeps_its_documents_and_its_mapping(
    cluster: Cluster, spec: IndexSpec, encoder: Encoder
) -> None:
    mine = {"_meta": {"team": "shop"}, "properties": {"title": {"type": "text", "analyzer": "english"}}}
    cluster.write("PUT", f"/{spec.index}", {"mappings": mine})
    cluster.write("PUT", f"/{spec.index}/_doc/old", {"title": "cats"})
    index_documents(cluster, spec, encoder, documents({"title": "cat"}))
    mapping = cluster.read("GET", f"/{spec.index}/_mapping")[spec.index]["mappings"]
    assert mapping["_meta"]["team"] == "shop"
    assert mapping["properties"]["title"]["analyzer"] == "english"
    assert count(cluster, spec) == 2
    assert read_spec(cluster, spec.index) == spec


def test_making_the_index_again_sends_nothing(cluster: Cluster, spec: IndexSpec) -> None:
    first = DryRun(cluster)
    ensure_index(first, spec)
    assert [(request.method, request.path) for request in first.requests] == [("PUT", f"/{spec.index}")]
    ensure_index(cluster, spec)
    again = DryRun(cluster)
    ensure_index(again, spec)
    assert again.requests == []


def test_the_spec_of_a_bare_cluster_keeps_vectors_as_bytes(cluster: Cluster, spec: IndexSpec, encoder: Encoder) -> None:
    found = spec_for(cluster, spec.index, ("title", "body"), encoder.models, id_field="id")
    assert found == spec
    ensure_index(cluster, found)
    assert spec_for(cluster, spec.index, (), encoder.models) == found
    with pytest.raises(BadSpec, match="was made from title, body, not from headline"):
        spec_for(cluster, spec.index, ("headline",), encoder.models)


def test_an_index_without_vectors_is_said_with_the_command_that_makes_them(cluster: Cluster) -> None:
    with pytest.raises(BadSpec, match="outrider index"):
        require_spec(cluster, "nothing-here")

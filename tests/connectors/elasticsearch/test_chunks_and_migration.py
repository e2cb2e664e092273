"""Chunks, and an alias that moves to other models and back, on Elasticsearch."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from outrider.connectors import (
    Chunking,
    Cluster,
    Document,
    Encoder,
    IndexSpec,
    ModelIdentity,
    Models,
    Searcher,
    index_documents,
    migrate,
    require_spec,
    roll_back,
    spec_for,
    spec_for_models,
    verify,
)

pytestmark = pytest.mark.engine

LONG = "The first one is about nothing. A cat sat here. Then a dog and a dog came. Nothing more was seen."
NEW = Models(ModelIdentity("other-dense", "d2"), ModelIdentity("other-sparse", "s2"), None, 4)


@pytest.fixture
def chunked(full_cluster: Cluster, index: str, encoder: Encoder) -> Iterator[IndexSpec]:
    spec = spec_for(full_cluster, index, ("title", "body"), encoder.models, id_field="id")
    spec = replace(spec, chunks=Chunking("sentence", size=6, title="title"))
    bodies = [{"title": "pets", "body": LONG}, {"title": "dog", "body": "One car."}, {"title": "tax"}, {"title": ""}]
    documents = [Document(n, {"id": f"d{n}", **body}) for n, body in enumerate(bodies, start=1)]
    assert index_documents(full_cluster, spec, encoder, documents).written == 4
    yield spec
    for name in (index, *full_cluster.read("GET", f"/{index}-alias-*")):
        full_cluster.write("DELETE", f"/{name}?ignore_unavailable=true")


def test_the_best_chunk_counts_and_is_named(full_cluster: Cluster, chunked: IndexSpec, encoder: Encoder) -> None:
    searcher = Searcher(full_cluster, chunked, encoder)
    for mode in ("dense", "sparse", "fused", "reranked"):
        first, *_ = searcher.search("dog dog", mode).results
        assert first.id == "d1", mode
        assert first.excerpt is not None
        assert first.excerpt.text == "Then a dog and a dog", mode
        found = searcher.search("dog", mode, filter={"ids": {"values": ["d2"]}}).results
        assert [result.id for result in found] == ["d2"], mode


def test_an_alias_moves_and_moves_back(
    full_cluster: Cluster, chunked: IndexSpec, encoder: Encoder, new_encoder: Callable[..., Any], tmp_path: Path
) -> None:
    alias = f"{chunked.index}-alias"
    full_cluster.write("POST", "/_aliases", {"actions": [{"add": {"index": chunked.index, "alias": alias}}]})
    other = new_encoder(models=NEW)
    done = migrate(
        full_cluster, alias, spec_for_models(full_cluster, chunked, NEW), other, checkpoint=tmp_path / "c.json"
    )
    new = require_spec(full_cluster, alias)
    assert (new.index, new.chunks) == (alias, chunked.chunks)
    assert verify(full_cluster, done.old, replace(new, index=done.new), other, samples=100).is_right
    full_cluster.write("PUT", f"/{alias}/_doc/later", {"title": "car", "body": "Written after the move."})
    full_cluster.write("DELETE", f"/{alias}/_doc/d2")
    roll_back(full_cluster, alias, lambda _: encoder)
    assert list(full_cluster.read("GET", f"/_alias/{alias}")) == [chunked.index]
    found = verify(full_cluster, done.new, chunked, encoder, samples=100)
    assert (found.is_right, found.sampled, found.new_count) == (True, 3, 4)

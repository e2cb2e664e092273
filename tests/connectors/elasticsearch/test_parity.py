"""The same documents give the same results on both engines, but for BM25, on a real collection and real models."""

import gzip
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from uuid import uuid4

import pytest

from outrider.connectors import Cluster, Document, Mode, Searcher, connect, index_documents, spec_for
from outrider.plugin.client import SidecarClient
from outrider.plugin.launcher import Engine

DOCUMENTS = 150
QUESTIONS = 12
MODES: tuple[Mode, ...] = ("dense", "sparse")
NEAR = 2e-3  # OpenSearch keeps float32, Elasticsearch finds by int8 and corrects; both keep nine bits of a term weight


def collection(data_dir: Path) -> Iterator[Document]:
    with gzip.open(data_dir / "cranfield" / "corpus.jsonl.gz") as lines:
        for at, line in enumerate(islice(lines, DOCUMENTS), start=1):
            yield Document(at, json.loads(line))


@pytest.mark.engine
def test_both_engines_find_the_same(
    elasticsearch: Engine, cluster: Cluster, models: SidecarClient, data_dir: Path
) -> None:
    their_cluster = connect(elasticsearch.url)
    index = f"same-{uuid4().hex[:8]}"
    searchers = []
    try:
        for each in (cluster, their_cluster):
            spec = spec_for(each, index, ("title", "text"), models.models)
            assert index_documents(each, spec, models, collection(data_dir)).failed == 0
            searchers.append(Searcher(each, spec, models))
        lines = (data_dir / "cranfield" / "queries.jsonl").read_text(encoding="utf-8").splitlines()
        for query in [json.loads(line)["text"] for line in lines[:QUESTIONS]]:
            for mode in MODES:
                ours, theirs = (dict(_top(searcher, query, mode)) for searcher in searchers)
                assert list(theirs.values()) == pytest.approx(list(ours.values()), rel=NEAR)
                last = min(ours.values())
                # Where they differ, it is between scores that are the same up to rounding.
                assert all(score <= last * (1 + NEAR) for id, score in theirs.items() if id not in ours)
    finally:
        for each in (cluster, their_cluster):
            each.write("DELETE", f"/{index}?ignore_unavailable=true")


def _top(searcher: Searcher, query: str, mode: Mode) -> list[tuple[str, float]]:
    return [(result.id, result.score) for result in searcher.search(query, mode, 10).results]

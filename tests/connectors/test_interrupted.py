"""A real sidecar killed in the middle of a run, and the same command again."""

import gzip
import json
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from outrider.connectors import (
    Document,
    IndexingReport,
    IndexingStopped,
    OpenSearchCluster,
    index_documents,
    spec_for,
)
from outrider.plugin.client import SidecarClient

pytestmark = pytest.mark.engine

DOCUMENTS = 120


def test_after_a_killed_sidecar_the_same_command_leaves_every_document_once_with_its_vectors(
    cluster: OpenSearchCluster, start_sidecar: Any, data_dir: Path
) -> None:
    with gzip.open(data_dir / "wiki-multihop" / "corpus.jsonl.gz") as lines:
        documents = [Document(n, json.loads(line)) for n, line in enumerate(islice(lines, DOCUMENTS), start=1)]
    index = f"test-{uuid4().hex[:12]}"

    with start_sidecar() as running, SidecarClient(running.url, patience_s=0.5) as models:
        spec = spec_for(cluster, index, ("title", "text"), models.models)

        def kill(report: IndexingReport) -> None:
            if report.written:
                running.process.kill()

        with pytest.raises(IndexingStopped, match="did not answer") as stopped:
            index_documents(cluster, spec, models, documents, batch_size=8, patience_s=0.5, on_progress=kill)
    report = stopped.value.report
    assert 0 < report.written < DOCUMENTS
    assert report.failed == 0

    with start_sidecar() as running, SidecarClient(running.url) as models:
        again = index_documents(cluster, spec, models, documents, batch_size=8)
    assert (again.seen, again.written + again.skipped, again.failed) == (DOCUMENTS, DOCUMENTS, 0)
    assert again.skipped >= report.written
    has_all = [{"exists": {"field": "outrider_dense"}}, {"term": {"outrider.state": "encoded"}}]
    query = {"query": {"bool": {"filter": has_all}}}
    assert cluster.read("POST", f"/{index}/_count", query)["count"] == DOCUMENTS
    assert cluster.read("GET", f"/{index}/_count")["count"] == DOCUMENTS
    cluster.write("DELETE", f"/{index}")

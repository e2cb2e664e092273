"""Real Elasticsearch clusters of three releases, and an index of its own for each test."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from outrider.connectors import Cluster, ElasticsearchCluster, Encoder, IndexSpec, connect, spec_for


@pytest.fixture(params=["elasticsearch", "elasticsearch_8", "elasticsearch_full"])
def each_cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """One after the other: 9.5.3, 8.19.21 and 9.4.3."""
    cluster = connect(request.getfixturevalue(request.param).url)
    assert isinstance(cluster, ElasticsearchCluster)
    yield cluster
    cluster.close()


@pytest.fixture
def full_cluster(elasticsearch_full: Any) -> Iterator[Cluster]:
    """9.4.3, with painless and the inference API."""
    cluster = connect(elasticsearch_full.url)
    yield cluster
    cluster.close()


@pytest.fixture
def index() -> str:
    return f"test-{uuid4().hex[:12]}"


@pytest.fixture
def their_spec(each_cluster: Cluster, index: str, encoder: Encoder) -> Iterator[IndexSpec]:
    """The spec that each cluster is best given."""
    yield spec_for(each_cluster, index, ("title", "body"), encoder.models, id_field="id")
    each_cluster.write("DELETE", f"/{index}?ignore_unavailable=true")

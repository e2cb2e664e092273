from typing import Any

import elasticsearch
import pytest
from elasticsearch import ApiError, Elasticsearch

from outrider.connectors import (
    ClusterError,
    ClusterUnavailable,
    DryRun,
    ElasticsearchCluster,
    OpenSearchCluster,
    Request,
    connect,
)


def test_a_request_can_be_pasted_into_a_shell() -> None:
    request = Request("PUT", "/_cluster/settings", {"why": "it's café"})
    assert request.as_curl("http://localhost:9200/") == (
        "curl -XPUT 'http://localhost:9200/_cluster/settings' -H 'Content-Type: application/json' "
        "-d '{\"why\": \"it'\\''s café\"}'"
    )


def test_a_request_reads_as_in_the_dev_tools() -> None:
    assert Request("DELETE", "/things").as_console() == "DELETE /things"
    assert Request("PUT", "/things", {"a": 1}).as_console() == 'PUT /things\n{\n  "a": 1\n}'


@pytest.mark.parametrize("url", ["localhost:9200", "ftp://localhost", "http://", ""])
def test_what_is_no_address_is_said_at_once(url: str) -> None:
    with pytest.raises(ClusterError, match="is no cluster address"):
        OpenSearchCluster(url)


def test_a_cluster_that_does_not_answer_is_named_without_its_password() -> None:
    cluster = OpenSearchCluster("http://me:secret@127.0.0.1:9", patience_s=0.1)
    with pytest.raises(ClusterUnavailable, match=r"GET / on http://127\.0\.0\.1:9: no answer") as said:
        cluster.read("GET", "/")
    assert "secret" not in str(said.value)
    cluster.close()


def test_a_dry_run_names_the_ids_it_cannot_know() -> None:
    dry = DryRun(OpenSearchCluster("http://127.0.0.1:9"))
    assert dry.write("POST", "/create", {"name": "thing"})["thing_id"] == "<thing_id of thing>"
    with pytest.raises(ClusterError, match="writes no documents"):
        dry.write("POST", "/_bulk", b"")


@pytest.mark.engine
def test_a_newer_client_talks_to_an_older_server(elasticsearch_8: Any) -> None:
    """Its own calls are refused: they ask for their own major's JSON. Through our port any of them works."""
    client = Elasticsearch(elasticsearch_8.url)
    if elasticsearch.__version__[0] > 8:
        with pytest.raises(ApiError, match="media_type_header_exception"):
            client.cluster.health()
    client.close()
    cluster = connect(elasticsearch_8.url)
    assert isinstance(cluster, ElasticsearchCluster)
    assert cluster.read("GET", "/_cluster/health")["number_of_nodes"] == 1
    cluster.close()


def test_an_elasticsearch_that_does_not_answer_is_named_without_its_password() -> None:
    cluster = ElasticsearchCluster("http://me:secret@127.0.0.1:9", patience_s=0.1)
    with pytest.raises(ClusterUnavailable, match=r"GET / on http://127\.0\.0\.1:9: no answer") as said:
        cluster.read("GET", "/")
    assert "secret" not in str(said.value)
    cluster.close()


def test_no_key_is_shown_by_a_dry_run() -> None:
    dry = DryRun(OpenSearchCluster("http://127.0.0.1:9"))
    body = {"service": "custom", "service_settings": {"secret_parameters": {"api_key": "hush"}, "api_key": "hush"}}
    dry.write("PUT", "/_inference/rerank/x", body)
    assert "hush" not in dry.requests[0].as_console()

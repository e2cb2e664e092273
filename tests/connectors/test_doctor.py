from typing import Any

import pytest

from outrider.connectors import Cluster, NotRegistered, RequestRefused, dialect_for, examine, register
from outrider.connectors.capabilities import Capabilities, parse_capabilities
from outrider.connectors.spec import IndexSpec

ML = [{"name": f"opensearch-{name}"} for name in ("knn", "ml", "neural-search")]


def capabilities(version: str = "3.6.0", *, plugins: list[list[dict[str, str]]]) -> Capabilities:
    return parse_capabilities(
        ("opensearch", version),
        {"nodes": {str(n): {"plugins": each} for n, each in enumerate(plugins)}},
        {"nodes": {"0": {"jvm": {"mem": {"heap_used_percent": 40}}}}},
        {"defaults": {"plugins.ml_commons.only_run_on_ml_node": "true"}, "persistent": {}},
    )


def test_a_plugin_counts_where_every_node_has_it() -> None:
    assert capabilities(plugins=[ML, ML]).is_native
    assert capabilities(plugins=[ML, ML[:1]]).missing_for_native == ("opensearch-ml", "opensearch-neural-search")


def test_a_version_whose_connectors_do_not_retry_is_not_native() -> None:
    assert capabilities("2.14.0", plugins=[ML]).missing_for_native == ("version 2.15 or later",)
    assert capabilities("2.19.1", plugins=[ML]).is_native


@pytest.mark.engine
def test_on_a_bare_cluster_the_sidecar_does_it_all(cluster: Cluster) -> None:
    diagnosis = examine(cluster)
    assert diagnosis.way == "sidecar"
    assert diagnosis.findings[0].what.startswith("opensearch 3.8.0, 1 node")
    assert not [finding for finding in diagnosis.findings if finding.severity == "in the way"]
    assert any("no opensearch-knn" in finding.what for finding in diagnosis.findings)


@pytest.mark.engine
def test_a_bare_cluster_cannot_be_registered_and_what_to_do_instead_is_said(cluster: Cluster, spec: IndexSpec) -> None:
    with pytest.raises(NotRegistered, match=r"missing: opensearch-knn.*outrider index"):
        register(cluster, spec, "http://127.0.0.1:8080")


class Guarded:
    """An Elasticsearch whose licence this user may not ask for."""

    url = "http://guarded"
    dialect = dialect_for("elasticsearch", "9.4.3")

    def read(self, method: str, path: str, body: object = None) -> Any:
        if path == "/_license":
            raise RequestRefused(f"{method} {path} ({body}) was answered with 403: no permission", 403)
        if path == "/":
            return {"version": {"number": "9.4.3", "build_flavor": "default"}}
        if path == "/_nodes/plugins":
            return {"nodes": {"0": {"plugins": [], "modules": [{"name": "x-pack-inference"}]}}}
        return {"nodes": {"0": {"jvm": {"mem": {"heap_used_percent": 40}}}}}

    def write(self, method: str, path: str, body: object = None) -> Any:
        raise AssertionError(f"the doctor wrote: {method} {path} {body}")


def test_a_licence_that_may_not_be_asked_for_is_taken_for_none() -> None:
    diagnosis = examine(Guarded())
    assert diagnosis.way == "sidecar"
    assert any("this one is unknown" in finding.what for finding in diagnosis.findings)

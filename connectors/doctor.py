"""What a live cluster can do for a sidecar, and what stands in the way."""

from dataclasses import dataclass
from typing import Any

from .capabilities import Capabilities, parse_capabilities
from .client import Cluster, read_release
from .elasticsearch.findings import findings as elasticsearch_findings
from .errors import RequestRefused
from .finding import Finding
from .opensearch.settings import HEAP, ML_NODE, SettingChange, changes_wanted, settings_body
from .request import Request
from .spec import Way

_SETTINGS_PATH = "/_cluster/settings?include_defaults=true&flat_settings=true"
EXAMPLE_SIDECAR = "http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    capabilities: Capabilities
    way: Way
    findings: tuple[Finding, ...]


def read_capabilities(cluster: Cluster) -> Capabilities:
    """Ask the live cluster what it is: a few requests, none of which changes anything."""
    release = read_release(cluster)
    return parse_capabilities(
        release,
        cluster.read("GET", "/_nodes/plugins"),
        cluster.read("GET", "/_nodes/stats/jvm"),
        cluster.read("GET", _SETTINGS_PATH),
        _licence(cluster) if release[0] == "elasticsearch" else None,
    )


def _licence(cluster: Cluster) -> Any:
    """What the cluster says of its licence; None to a user who may not ask."""
    try:
        return cluster.read("GET", "/_license")
    except RequestRefused:
        return None


def examine(cluster: Cluster, sidecar_url: str = EXAMPLE_SIDECAR) -> Diagnosis:
    """What the cluster can do, in which way it is best used, and what to change for that."""
    capabilities = read_capabilities(cluster)
    way: Way = "native" if capabilities.is_native else "sidecar"
    return Diagnosis(capabilities, way, tuple(_findings(capabilities, sidecar_url)))


def blocking_changes(capabilities: Capabilities, sidecar_url: str) -> list[SettingChange]:
    """The settings without which the cluster refuses to call this sidecar."""
    return changes_wanted(capabilities.settings, capabilities.heap_percent, sidecar_url)


def change_request(changes: list[SettingChange]) -> Request:
    return Request("PUT", "/_cluster/settings", settings_body(changes))


def _findings(capabilities: Capabilities, sidecar_url: str) -> list[Finding]:
    version = f"{capabilities.distribution} {capabilities.version}, {capabilities.nodes} node(s)"
    findings = [Finding("fine", version)]
    if capabilities.distribution == "elasticsearch":
        return [*findings, *elasticsearch_findings(capabilities)]
    if not capabilities.is_native:
        return [*findings, *_bare_findings(capabilities)]
    findings.append(
        Finding("fine", "k-NN, neural-search and ML Commons are here: the cluster can call the sidecar itself")
    )
    findings += [
        Finding("in the way", f"{change.key}: {change.why}", change_request([change]))
        for change in blocking_changes(capabilities, sidecar_url)
    ]
    return findings + _native_notes(capabilities)


def _bare_findings(capabilities: Capabilities) -> list[Finding]:
    missing = ", ".join(capabilities.missing_for_native) or "an OpenSearch"
    findings = [
        Finding("note", f"no {missing}: the sidecar encodes documents and queries, fuses and reranks itself"),
    ]
    if capabilities.has_knn:
        findings.append(Finding("fine", "k-NN is here: vectors are searched by the engine's own index"))
    else:
        findings.append(Finding("note", "no opensearch-knn: vectors are stored as bytes and scored by script"))
    return findings


def _native_notes(capabilities: Capabilities) -> list[Finding]:
    notes = []
    if str(capabilities.settings.get(ML_NODE)).lower() == "true":
        notes.append(Finding("note", f"{ML_NODE} is true: it concerns models inside the cluster, not the sidecar's"))
    threshold: Any = capabilities.settings.get(HEAP)
    if threshold is not None and int(threshold) < 100:
        what = f"{HEAP} is {threshold}: models are refused while the heap (now {capabilities.heap_percent} %) is fuller"
        notes.append(Finding("note", what, Request("PUT", "/_cluster/settings", {"persistent": {HEAP: 100}})))
    return notes

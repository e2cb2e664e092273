"""Cluster settings that stand in the way of calling a sidecar, and the values that let it through."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PRIVATE_IP = "plugins.ml_commons.connector.private_ip_enabled"
TRUSTED = "plugins.ml_commons.trusted_connector_endpoints_regex"
REMOTE = "plugins.ml_commons.remote_inference.enabled"
HEAP = "plugins.ml_commons.jvm_heap_memory_threshold"
ML_NODE = "plugins.ml_commons.only_run_on_ml_node"
SETTINGS = (PRIVATE_IP, TRUSTED, REMOTE, HEAP, ML_NODE)


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting as it is, as it should be, and why."""

    key: str
    value: Any
    wanted: Any
    why: str


def changes_wanted(settings: Mapping[str, Any], heap_percent: int, sidecar_url: str) -> list[SettingChange]:
    """The settings that keep ML Commons from calling this sidecar."""
    changes = []
    if not _is_true(settings.get(PRIVATE_IP, "false")) and _is_private(sidecar_url):
        why = f"ML Commons calls no private address, and {sidecar_url} is or may be one"
        changes.append(SettingChange(PRIVATE_IP, False, True, why))
    trusted = list(settings.get(TRUSTED, ()))
    if not any(_matches(pattern, sidecar_url) for pattern in trusted):
        why = f"none of the {len(trusted)} trusted patterns matches {sidecar_url}/…"
        changes.append(
            SettingChange(TRUSTED, f"{len(trusted)} patterns", [*trusted, trusted_pattern(sidecar_url)], why)
        )
    if not _is_true(settings.get(REMOTE, "true")):
        changes.append(SettingChange(REMOTE, False, True, "remote models are switched off"))
    threshold = int(settings.get(HEAP, 85))
    if threshold < 100 and heap_percent >= threshold:
        why = f"the heap is {heap_percent} % full now, and above {threshold} % models are refused"
        changes.append(SettingChange(HEAP, threshold, 100, why))
    return changes


def trusted_pattern(sidecar_url: str) -> str:
    """The pattern that trusts this sidecar and nothing else. Java and Python read it alike."""
    return "^" + re.sub(r"([.\-+?*()\[\]{}^$|\\])", r"\\\1", sidecar_url.rstrip("/")) + "/.*$"


def settings_body(changes: list[SettingChange]) -> dict[str, Any]:
    return {"persistent": {change.key: change.wanted for change in changes}}


def _matches(pattern: str, sidecar_url: str) -> bool:
    try:
        return re.fullmatch(pattern, f"{sidecar_url.rstrip('/')}/sparse") is not None
    except re.error:  # a Java pattern that Python does not know; asking the cluster will tell
        return False


def _is_private(sidecar_url: str) -> bool:
    """A name may stand for anything: only a public address is known to be none."""
    try:
        return not ipaddress.ip_address(urlsplit(sidecar_url).hostname or "").is_global
    except ValueError:
        return True


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"

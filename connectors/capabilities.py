"""What a live cluster is and can do."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Distribution = Literal["opensearch", "elasticsearch"]
Version = tuple[int, ...]

_SETTINGS = "plugins.ml_commons."
_OLDEST_NATIVE = (2, 15)  # connectors that retry, and may call private addresses
_NATIVE_PLUGINS = frozenset(("opensearch-knn", "opensearch-ml", "opensearch-neural-search"))


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Read once from the live cluster. `settings` holds those that matter here, as they are in force.

    `modules` are the plugins that come with the engine; `licence` is Elasticsearch's, empty elsewhere.
    """

    distribution: Distribution
    version: str
    nodes: int
    plugins: frozenset[str]
    settings: Mapping[str, Any]
    heap_percent: int
    modules: frozenset[str] = frozenset()
    licence: str = ""

    @property
    def has_knn(self) -> bool:
        return "opensearch-knn" in self.plugins

    @property
    def missing_for_native(self) -> tuple[str, ...]:
        """What the native way would need and this cluster lacks."""
        missing = sorted(_NATIVE_PLUGINS - self.plugins)
        too_old = version_tuple(self.version) < _OLDEST_NATIVE
        return tuple(missing + [f"version {'.'.join(map(str, _OLDEST_NATIVE))} or later"] * too_old)

    @property
    def is_native(self) -> bool:
        return self.distribution == "opensearch" and not self.missing_for_native


def version_tuple(version: str) -> Version:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def parse_release(root: Mapping[str, Any]) -> tuple[Distribution, str]:
    """What `GET /` says: whose engine it is, and its version."""
    told = root["version"]
    return "opensearch" if told.get("distribution") == "opensearch" else "elasticsearch", str(told["number"])


def parse_capabilities(
    root: Mapping[str, Any],
    nodes: Mapping[str, Any],
    stats: Mapping[str, Any],
    settings: Mapping[str, Mapping[str, Any]],
    licence: Mapping[str, Any] | None = None,
) -> Capabilities:
    """From the answers of `/`, `/_nodes/plugins`, `/_nodes/stats/jvm`, `/_cluster/settings` and `/_license`.

    A plugin counts where every node has it.
    """
    distribution, version = parse_release(root)
    told = (licence or {}).get("license", {})
    return Capabilities(
        distribution=distribution,
        version=version,
        nodes=len(nodes["nodes"]),
        plugins=_on_every_node(nodes, "plugins"),
        settings=_in_force(settings),
        heap_percent=max(_heaps(stats), default=0),
        modules=_on_every_node(nodes, "modules"),
        licence=str(told["type"]) if told.get("status") == "active" else "",
    )


def _on_every_node(nodes: Mapping[str, Any], kind: str) -> frozenset[str]:
    by_node = [frozenset(each["name"] for each in node.get(kind, ())) for node in nodes["nodes"].values()]
    return frozenset.intersection(*by_node) if by_node else frozenset()


def _in_force(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    scopes = [settings.get(scope, {}) for scope in ("defaults", "persistent", "transient")]
    return {key: value for scope in scopes for key, value in scope.items() if key.startswith(_SETTINGS)}


def _heaps(stats: Mapping[str, Any]) -> Iterable[int]:
    return (node["jvm"]["mem"]["heap_used_percent"] for node in stats["nodes"].values())

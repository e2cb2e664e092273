"""What a live cluster is and can do."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .settings import SETTINGS

_OLDEST_NATIVE = (2, 19)  # score-ranker-processor
_NATIVE_PLUGINS = frozenset(("opensearch-knn", "opensearch-ml", "opensearch-neural-search"))


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Read once from the live cluster. `settings` holds those that matter here, as they are in force."""

    distribution: str
    version: str
    nodes: int
    plugins: frozenset[str]
    settings: Mapping[str, Any]
    heap_percent: int

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


def version_tuple(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def parse_capabilities(
    root: Mapping[str, Any],
    nodes: Mapping[str, Any],
    stats: Mapping[str, Any],
    settings: Mapping[str, Mapping[str, Any]],
) -> Capabilities:
    """From the answers of `/`, `/_nodes/plugins`, `/_nodes/stats/jvm` and `/_cluster/settings`.

    A plugin counts where every node has it.
    """
    by_node = [frozenset(plugin["name"] for plugin in node["plugins"]) for node in nodes["nodes"].values()]
    return Capabilities(
        distribution=root["version"].get("distribution", "elasticsearch"),
        version=root["version"]["number"],
        nodes=len(by_node),
        plugins=frozenset.intersection(*by_node) if by_node else frozenset(),
        settings={key: value for key in SETTINGS if (value := _in_force(key, settings)) is not None},
        heap_percent=max(_heaps(stats), default=0),
    )


def _in_force(key: str, settings: Mapping[str, Mapping[str, Any]]) -> Any:
    scopes = (settings.get(scope, {}) for scope in ("transient", "persistent", "defaults"))
    return next((scope[key] for scope in scopes if key in scope), None)


def _heaps(stats: Mapping[str, Any]) -> Iterable[int]:
    return (node["jvm"]["mem"]["heap_used_percent"] for node in stats["nodes"].values())

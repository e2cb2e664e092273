"""What a live cluster is and can do."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Distribution = Literal["opensearch", "elasticsearch"]
Version = tuple[int, ...]

_SETTINGS = "plugins.ml_commons."
_OLDEST_NATIVE = (2, 15)  # connectors that retry, and may call private addresses
_NATIVE_PLUGINS = frozenset(("opensearch-knn", "opensearch-ml", "opensearch-neural-search"))
_INFERENCE = "x-pack-inference"
_FUSION = "rank-rrf"  # has the retrievers rrf and linear
_PAYING = frozenset(("enterprise", "trial"))


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Read once from the live cluster. `settings` holds those that matter here, as they are in force.

    `modules` are the plugins that come with the engine; `licence` is Elasticsearch's, empty where none is told.
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
    def has_paid_licence(self) -> bool:
        """Whether Elasticsearch lets us use what it sells: the inference API, its rerankers and rank fusion."""
        return self.licence in _PAYING

    @property
    def missing_for_native(self) -> tuple[str, ...]:
        """What the native way would need and this cluster lacks."""
        return _MISSING[self.distribution](self)

    @property
    def missing_for_retriever_fusion(self) -> tuple[str, ...]:
        """What Elasticsearch's retrievers `rrf` and `linear` would need and this cluster lacks."""
        return _not_there(((_FUSION in self.modules, f"module {_FUSION}"), _licensed(self)))

    @property
    def is_native(self) -> bool:
        return not self.missing_for_native


def version_tuple(version: str) -> Version:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def parse_release(root: Mapping[str, Any]) -> tuple[Distribution, str]:
    """What `GET /` says: whose engine it is, and its version."""
    told = root["version"]
    return "opensearch" if told.get("distribution") == "opensearch" else "elasticsearch", str(told["number"])


def parse_nodes_release(nodes: Mapping[str, Any]) -> tuple[Distribution, str]:
    """The same from what `GET /_nodes` says; only Elasticsearch's nodes have a build flavour. The oldest one counts."""
    told = list(nodes["nodes"].values())
    theirs = any("build_flavor" in node for node in told)
    oldest = min((str(node["version"]) for node in told), key=version_tuple)
    return "elasticsearch" if theirs else "opensearch", oldest


def parse_capabilities(
    release: tuple[Distribution, str],
    nodes: Mapping[str, Any],
    stats: Mapping[str, Any],
    settings: Mapping[str, Mapping[str, Any]],
    licence: Mapping[str, Any] | None = None,
) -> Capabilities:
    """From the answers of `/_nodes/plugins`, `/_nodes/stats/jvm`, `/_cluster/settings` and `/_license`.

    A plugin counts where every node has it.
    """
    told = (licence or {}).get("license", {})
    return Capabilities(
        distribution=release[0],
        version=release[1],
        nodes=len(nodes["nodes"]),
        plugins=_on_every_node(nodes, "plugins"),
        settings=_in_force(settings),
        heap_percent=max(_heaps(stats), default=0),
        modules=_on_every_node(nodes, "modules"),
        licence=str(told["type"]) if told.get("status") == "active" else "",
    )


def _missing_in_opensearch(capabilities: Capabilities) -> tuple[str, ...]:
    missing = sorted(_NATIVE_PLUGINS - capabilities.plugins)
    too_old = version_tuple(capabilities.version) < _OLDEST_NATIVE
    return tuple(missing + [f"version {'.'.join(map(str, _OLDEST_NATIVE))} or later"] * too_old)


def _missing_in_elasticsearch(capabilities: Capabilities) -> tuple[str, ...]:
    # The service `custom`, which takes any address: 8.19, and 9.1 or later.
    has_custom = (8, 19) <= (version := version_tuple(capabilities.version)) < (9,) or version >= (9, 1)
    return _not_there(
        (
            (has_custom, "version 8.19, or 9.1 or later"),
            (_INFERENCE in capabilities.modules, f"module {_INFERENCE}"),
            _licensed(capabilities),
        )
    )


def _licensed(capabilities: Capabilities) -> tuple[bool, str]:
    asked = f"an Enterprise or trial licence (this one is {capabilities.licence or 'unknown'})"
    return capabilities.has_paid_licence, asked


def _not_there(wanted: Iterable[tuple[bool, str]]) -> tuple[str, ...]:
    return tuple(what for is_there, what in wanted if not is_there)


_MISSING: Mapping[Distribution, Callable[[Capabilities], tuple[str, ...]]] = {
    "opensearch": _missing_in_opensearch,
    "elasticsearch": _missing_in_elasticsearch,
}


def _on_every_node(nodes: Mapping[str, Any], kind: str) -> frozenset[str]:
    by_node = [frozenset(each["name"] for each in node.get(kind, ())) for node in nodes["nodes"].values()]
    return frozenset.intersection(*by_node) if by_node else frozenset()


def _in_force(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    scopes = [settings.get(scope, {}) for scope in ("defaults", "persistent", "transient")]
    return {key: value for scope in scopes for key, value in scope.items() if key.startswith(_SETTINGS)}


def _heaps(stats: Mapping[str, Any]) -> Iterable[int]:
    return (node["jvm"]["mem"]["heap_used_percent"] for node in stats["nodes"].values())

"""The lock: which artifacts make which flavour, read from lock.toml."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

EngineName = Literal["opensearch", "elasticsearch"]
_TITLES: Mapping[EngineName, str] = {"opensearch": "OpenSearch", "elasticsearch": "Elasticsearch"}


@dataclass(frozen=True)
class Artifact:
    """One file in a Maven repository, pinned, and where it goes in the node's home: all of it, or `only` a part."""

    group: str
    name: str
    version: str
    packaging: str
    bytes: int
    sha256: str
    into: str
    strip: int = 0
    only: str = "*"

    @property
    def filename(self) -> str:
        return f"{self.name}-{self.version}.{self.packaging}"


@dataclass(frozen=True)
class Flavor:
    """A node that can be started: its server, plugins, heap and settings.

    `skip` is what of its files is left out; `strike` names Java modules that its jars no longer require.
    """

    name: str
    engine: EngineName
    version: str
    heap: str
    settings: Mapping[str, Any]
    artifacts: tuple[Artifact, ...]
    skip: tuple[str, ...]
    strike: Mapping[str, tuple[str, ...]]

    @property
    def title(self) -> str:
        return f"{_TITLES[self.engine]} {self.version}"

    @property
    def folder(self) -> str:
        """The name of the unpacked home; it changes when any pin changes."""
        struck = [f"{jar} {' '.join(modules)}" for jar, modules in self.strike.items()]
        pins = "\n".join([*(f"{a.sha256} {a.into} {a.strip}" for a in self.artifacts), *self.skip, *struck])
        return f"{self.engine}-{self.version}-{self.name}-{hashlib.sha256(pins.encode()).hexdigest()[:8]}"

    @property
    def download_bytes(self) -> int:
        return sum(artifact.bytes for artifact in self.artifacts)


@cache
def flavors() -> Mapping[str, Flavor]:
    """All flavours of the lock, by name."""
    lock = tomllib.loads((files(__package__) / "lock.toml").read_text(encoding="utf-8"))
    return {name: _flavor(name, entry, lock["engines"][entry["engine"]]) for name, entry in lock["flavors"].items()}


def _flavor(name: str, entry: dict[str, Any], engine: dict[str, Any]) -> Flavor:
    return Flavor(
        name=name,
        engine=entry["engine"],
        version=entry["version"],
        heap=entry["heap"],
        settings={**engine["settings"], **entry.get("settings", {})},
        artifacts=tuple(Artifact(**artifact) for artifact in entry["artifacts"]),
        skip=(*engine["skip"], *entry.get("skip", ())),
        strike={jar: tuple(modules) for jar, modules in engine["strike"].items()},
    )

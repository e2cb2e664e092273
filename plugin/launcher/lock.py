"""The lock: which artifacts make which flavour, read from lock.toml."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Artifact:
    """One file in a Maven repository, pinned, and where it goes in the node's home."""

    group: str
    name: str
    version: str
    packaging: str
    bytes: int
    sha256: str
    into: str
    strip: int = 0

    @property
    def filename(self) -> str:
        return f"{self.name}-{self.version}.{self.packaging}"


@dataclass(frozen=True)
class Flavor:
    """A node that can be started: its server, plugins, heap and settings."""

    name: str
    version: str
    heap: str
    settings: Mapping[str, Any]
    artifacts: tuple[Artifact, ...]
    skip: tuple[str, ...]

    @property
    def folder(self) -> str:
        """The name of the unpacked home; it changes when any pin changes."""
        pins = "\n".join([*(f"{a.sha256} {a.into} {a.strip}" for a in self.artifacts), *self.skip])
        return f"opensearch-{self.version}-{self.name}-{hashlib.sha256(pins.encode()).hexdigest()[:8]}"

    @property
    def download_bytes(self) -> int:
        return sum(artifact.bytes for artifact in self.artifacts)


@cache
def flavors() -> Mapping[str, Flavor]:
    """All flavours of the lock, by name."""
    lock = tomllib.loads((files(__package__) / "lock.toml").read_text(encoding="utf-8"))
    skip = tuple(lock["skip"])
    return {name: _flavor(name, entry, skip) for name, entry in lock["flavors"].items()}


def _flavor(name: str, entry: dict[str, Any], skip: tuple[str, ...]) -> Flavor:
    artifacts = tuple(Artifact(**artifact) for artifact in entry["artifacts"])
    return Flavor(name, entry["version"], entry["heap"], entry["settings"], artifacts, skip)

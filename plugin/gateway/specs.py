"""Which indices have a spec: read from the cluster at the start and again and again, so that a request need not ask."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from outrider.connectors import (
    META_KEY,
    BadSpec,
    ClusterError,
    Dialect,
    IndexSpec,
    dialect_for,
    read_release,
    spec_from_meta,
)

from ..errors import ClusterFailed
from .bridge import Reading
from .http import Headers
from .upstream import NO_ANSWER, Upstream

_MAPPINGS = b"/_mapping?filter_path=*.mappings._meta." + META_KEY.encode()
_ALIASES = b"/_alias?filter_path=*.aliases"
# A cluster with thousands of indices is asked less often: the asking may take this share of the time.
_SHARE = 0.05

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """The specs by index, and what each alias stands for: all indices, and the one that is written to."""

    specs: Mapping[str, IndexSpec] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)

    def to_write(self, name: str) -> IndexSpec | None:
        """The spec of the index that a write to this name ends in; None where the engine itself encodes, or chunks
        are documents of their own.
        """
        spec = self._named(self.home(name), name)
        return spec if spec and spec.way == "sidecar" and spec.parent is None else None

    def home(self, name: str) -> str:
        """The index that a write to this name ends in."""
        return self.written.get(name, name)

    def to_search(self, name: str) -> IndexSpec | None:
        """The spec of the one index that a search of this name asks; None where it asks several, or none of ours."""
        indices = self.aliases.get(name, (name,))
        return self._named(indices[0], name) if len(indices) == 1 else None

    def is_near(self, name: str) -> bool:
        """Whether a search of this expression may ask an index with a spec among others."""
        parts = name.split(",")
        wild = not name or name == "_all" or "*" in name or "-" in (part[:1] for part in parts)
        indices = {index for part in parts for index in self.aliases.get(part, (part,))}
        return bool(self.specs) and (wild or not indices.isdisjoint(self.specs))

    def _named(self, index: str, name: str) -> IndexSpec | None:
        spec = self.specs.get(index)
        return replace(spec, index=name) if spec else None


class SpecBook:
    """Keeps `known` up to date with the cluster, with an account of its own (`headers`); and knows its dialect."""

    def __init__(self, upstream: Upstream, headers: Headers, interval_s: float) -> None:
        self.known = Known()
        self._dialect: Dialect | None = None
        self._upstream = upstream
        self._headers = headers
        self._interval_s = interval_s
        self._wanted = asyncio.Event()
        self._is_read = asyncio.Event()
        self._told = ""

    def stir(self) -> None:
        """Read again soon: something was asked that may have changed it."""
        self._wanted.set()

    @property
    def dialect(self) -> Dialect:
        """The words of this engine. Raises ClusterFailed before the first reading."""
        if self._dialect is None:
            raise ClusterFailed("the cluster was not read yet")
        return self._dialect

    async def first(self, patience_s: float | None) -> None:
        """Returns once the specs were read: before that, nobody knows what a write needs. Raises ClusterFailed."""
        if not self._is_read.is_set():
            try:
                await asyncio.wait_for(self._is_read.wait(), patience_s)
            except TimeoutError as err:
                raise ClusterFailed(self._told or "the cluster does not say which indices have vectors") from err

    async def anew(self) -> Known:
        """The specs by a reading that begins now; those that are known where the cluster does not answer."""
        try:
            self.known = await self._read()
        except ClusterFailed as err:
            log.error("%s", err)
        return self.known

    async def keep(self) -> None:
        """Read again and again, until cancelled."""
        while True:
            started = time.monotonic()
            try:
                self.known = await self._read()
                self._is_read.set()
                self._told = ""
            except ClusterFailed as err:
                if str(err) != self._told:
                    self._told = str(err)
                    log.error("%s", err)
            took_s = time.monotonic() - started
            self._wanted.clear()
            try:
                await asyncio.wait_for(self._wanted.wait(), max(self._interval_s, took_s / _SHARE))
            except TimeoutError:
                continue

    async def _read(self) -> Known:
        if self._dialect is None:
            self._dialect = await self._read_dialect()
        mappings, aliases = await asyncio.gather(self._ask(_MAPPINGS), self._ask(_ALIASES))
        return known_from(mappings, aliases)

    async def _read_dialect(self) -> Dialect:
        reading = Reading(self._upstream, self._headers, asyncio.get_running_loop())
        try:
            return dialect_for(*await asyncio.to_thread(read_release, reading))
        except ClusterError as err:
            raise ClusterFailed(f"the cluster does not say what it is: {err}") from err

    async def _ask(self, target: bytes) -> Any:
        try:
            answer = await self._upstream.ask("GET", target, self._headers, None)
        except NO_ANSWER as err:
            raise ClusterFailed(f"the cluster does not say which indices have vectors: {type(err).__name__}") from err
        if answer.status != 200:
            raise ClusterFailed(
                f"the cluster does not say which indices have vectors: it answers {target.decode()} with "
                f"{answer.status}; give the gateway an account that may read mappings and aliases, in the cluster's URL"
            )
        return answer.json()


def known_from(mappings: Mapping[str, Any], aliases: Mapping[str, Any]) -> Known:
    """What the cluster's answers say."""
    specs: dict[str, IndexSpec] = {}
    for index, found in mappings.items():
        try:
            specs[index] = spec_from_meta(found["mappings"]["_meta"][META_KEY], index)
        except BadSpec as err:
            log.warning("%s", err)
    members: dict[str, list[str]] = {}
    written: dict[str, str] = {}
    for index, found in aliases.items():
        for alias, options in found.get("aliases", {}).items():
            members.setdefault(alias, []).append(index)
            if options.get("is_write_index"):
                written[alias] = index
    single = {alias: indices[0] for alias, indices in members.items() if len(indices) == 1}
    return Known(specs, {alias: tuple(indices) for alias, indices in members.items()}, {**single, **written})

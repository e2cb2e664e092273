"""Slices of a backfill on the machines of a Ray cluster: the same work as in threads, mapped over them by Ray Data."""

import logging
import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outrider.connectors import ConnectorError, IndexSpec, PageDone, Slice, connect, work

from .errors import PackageMissing
from .opening import open_encoder

_HERE = "local"  # Ray's own word
# Ray Data hands over what a slice has done when it is done, so that small slices make for frequent checkpoints.
SLICES_A_WORKER = 8


@dataclass(frozen=True, slots=True)
class Tools:
    """What a worker opens: cluster and models, as the command got them."""

    url: str
    sidecar: str | None
    key: str | None
    spec: IndexSpec | None


class Worker:
    """Works on one slice after another in a process of its own; what it needs is opened once."""

    def __init__(self, tools: Tools) -> None:
        self._cluster = connect(tools.url)
        self._encoder = open_encoder(tools.sidecar, tools.key, tools.spec)

    def __call__(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The pages that were done, and the error that ended it early."""
        done: list[dict[str, Any]] = []
        try:
            for page in work(self._cluster, self._encoder, pickle.loads(row["value"])):
                done.append(_row(page))  # one by one: those before an error are kept
        except ConnectorError as err:
            done.append(_row(err))
        return done


@dataclass(frozen=True, slots=True)
class OnRay:
    """Spreads slices over the Ray cluster at an address, or over one that is started here."""

    address: str
    workers: int
    tools: Tools

    def __call__(self, parts: Sequence[Slice]) -> Iterator[PageDone]:
        """The pages as they are done; then the first error, where a slice was ended by one."""
        ray = _ray()
        quiet = {"include_dashboard": False} if self.address == _HERE else {}
        ray.init(address=self.address, log_to_driver=False, logging_level=logging.WARNING, **quiet)
        try:
            failed = None
            for each in map(pickle.loads, self._mapped(ray, parts)):
                if isinstance(each, PageDone):
                    yield each
                else:
                    failed = failed or each
            if failed is not None:
                raise failed
        finally:
            ray.shutdown()

    def _mapped(self, ray: Any, parts: Sequence[Slice]) -> Iterator[bytes]:
        if not parts:
            return
        rows = ray.data.from_items([_row(part) for part in parts], override_num_blocks=len(parts))
        done = rows.flat_map(Worker, fn_constructor_args=(self.tools,), concurrency=(1, self.workers))
        for row in done.iter_rows():
            yield row["value"]


def _row(value: PageDone | Slice | ConnectorError) -> dict[str, Any]:
    return {"value": pickle.dumps(value)}


def _ray() -> Any:
    # Ray tells its makers how it is used unless it is told not to.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as err:
        raise PackageMissing("working on a Ray cluster needs Ray: pip install 'outrider[ray]'") from err
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    return ray

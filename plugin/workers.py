"""Several worker processes behind one port: started, watched, replaced when one dies, ended together.

Each worker listens on the port by itself (SO_REUSEPORT): the kernel spreads connections over them. Each has its own
models and queues, so memory grows with their number; counts for Prometheus are shared in files.
"""

import logging
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from prometheus_client.multiprocess import mark_process_dead

from outrider.encoders import EncoderError, usable_cores

from .errors import PluginError, WorkerFailed
from .launcher import dying_with_parent
from .listening import bind
from .logs import configure
from .metrics import MULTIPROCESS_FOLDER
from .settings import Settings
from .worker import Reread, Started, serve_on

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

log = logging.getLogger(__name__)


def supervise(settings: Settings, on_started: Started | None, reread: Reread | None) -> None:
    """Serve with `settings.workers` processes until SIGTERM or Ctrl-C. Raises PortTaken or WorkerFailed."""
    bind(settings.host, settings.port).close()  # says so if somebody else has the port
    with (
        bind(settings.host, settings.port, is_shared=True) as reserved,
        tempfile.TemporaryDirectory(prefix="outrider-metrics-") as folder,
    ):
        os.environ[MULTIPROCESS_FOLDER] = folder
        port = reserved.getsockname()[1]
        team = _Team(settings.model_copy(update={"port": port}), reread)
        try:
            team.start()
            team.run(on_started)
        finally:
            team.end()
            del os.environ[MULTIPROCESS_FOLDER]


class _Team:
    def __init__(self, settings: Settings, reread: Reread | None) -> None:
        self._settings = settings
        self._reread = reread
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[BaseProcess] = []
        self._started: set[int] = set()
        self._says, self._told = self._context.Pipe(duplex=False)
        self._is_ending = False

    def start(self) -> None:
        """One process a worker."""
        for _ in range(self._settings.workers):
            self._add()

    def run(self, on_started: Started | None) -> None:
        """Until a signal ends it. Raises WorkerFailed where one does not live."""
        with self._forwarding():
            while not self._is_ending:
                for ready in wait([self._says, *(worker.sentinel for worker in self._workers)], timeout=1.0):
                    if ready is self._says:
                        on_started = self._hear(on_started)
                self._replace_dead()

    def end(self) -> None:
        """Every worker finishes what it took, then ends."""
        self._is_ending = True
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            worker.join(self._settings.drain_s + 5)
            worker.kill()

    def _add(self) -> None:
        worker = self._context.Process(target=_work, args=(self._settings, self._reread, self._told))
        worker.start()
        self._workers.append(worker)

    def _hear(self, on_started: Started | None) -> Started | None:
        """The first worker that listens makes the URL known; one that fails ends them all."""
        pid, url, failure = self._says.recv()
        if failure:
            raise WorkerFailed(failure)
        self._started.add(pid)
        if on_started is not None:
            on_started(url)
        return None

    def _replace_dead(self) -> None:
        for worker in list(self._workers):
            if worker.is_alive() or self._is_ending:
                continue
            self._workers.remove(worker)
            mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
            if worker.pid not in self._started:
                raise WorkerFailed(f"a worker ended with {worker.exitcode} before it listened; the log says why")
            log.error("worker %s ended with %s; another one starts", worker.pid, worker.exitcode)
            self._add()

    @contextmanager
    def _forwarding(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._signalled) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _signalled(self, number: int, _: object) -> None:
        if number != signal.SIGHUP:
            self._is_ending = True
            return
        for worker in self._workers:
            if worker.pid is not None and worker.is_alive():
                os.kill(worker.pid, signal.SIGHUP)


def _work(settings: Settings, reread: Reread | None, told: Connection) -> None:
    """A worker process, from start to end."""
    if with_parent := dying_with_parent():
        with_parent()
    configure(settings)
    try:
        serve_on(
            bind(settings.host, settings.port, is_shared=True),
            with_own_cores(settings),
            lambda url: told.send((os.getpid(), url, "")),
            partial(_reread_with_own_cores, reread) if reread else None,
        )
    except (PluginError, EncoderError) as err:
        told.send((os.getpid(), "", str(err)))


def with_own_cores(settings: Settings) -> Settings:
    """The settings with the cores divided among the workers, where a model does not say how many threads it wants."""
    threads = max(1, usable_cores() // settings.workers)
    models = tuple(
        model if model.threads else model.model_copy(update={"threads": threads}) for model in settings.models
    )
    return settings.model_copy(update={"models": models})


def _reread_with_own_cores(reread: Reread) -> Settings:
    return with_own_cores(reread())

"""One real node on this machine, from start to stop."""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from . import elasticsearch, opensearch
from .child import dying_with_parent
from .errors import CannotSwitchUser, DataInUse, NodeDied, NoSpace, PortTaken
from .fetch import home_of
from .java import find_java, within_reach
from .lock import flavors
from .places import can_enter, engine_root, hand_over, node_user
from .progress import Report, Step, silent
from .run_folder import RunFolder

_READY_WITHIN_S = 180.0
_STOP_WITHIN_S = 30.0
_LOG_LINES = 15
_SERVERS = {"opensearch": opensearch, "elasticsearch": elasticsearch}


class Engine:
    """A context manager around a node: `with Engine("plain") as engine: engine.url`.

    `data` keeps the indices between runs; without it they go when the node stops. The node ends with this process,
    however that ends. Raises a LaunchError whose sentence says what to do.
    """

    def __init__(
        self,
        flavor: str = "plain",
        *,
        port: int = 0,
        data: Path | None = None,
        cache: Path | None = None,
        heap: str | None = None,
        settings: Mapping[str, Any] | None = None,
        report: Report = silent,
    ) -> None:
        self.flavor = flavors()[flavor]
        self.port = port
        self._data = data
        self._cache = cache
        self._server = _SERVERS[self.flavor.engine]
        self._heap = heap or self.flavor.heap
        self._settings = {**self.flavor.settings, **(settings or {})}
        self._report = report
        self._process: subprocess.Popen[bytes] | None = None
        self._cleanup = contextlib.ExitStack()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process of a running node."""
        return self._process.pid if self._process else None

    def start(self) -> Self:
        """Fetch what is missing, start the node, and return when it answers."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the node and remove its run folder. Safe to call twice."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None
        self._cleanup.close()

    def log_tail(self, lines: int = _LOG_LINES) -> str:
        """The end of the node's log, without the lines of stack traces."""
        if not self._run.log.is_file():
            return ""
        text = self._run.log.read_text(encoding="utf-8", errors="replace")
        said = [line for line in text.splitlines() if not line.startswith(("\tat ", "For complete error"))]
        return "\n".join(said[-lines:])

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> None:
        self.port = _free_port(self.port)
        root = engine_root(self._cache, self._report)
        user = node_user()
        home = home_of(self.flavor, root, self._report)
        java = within_reach(find_java(), root, user)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=root))
        self._cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        self._run = RunFolder(folder)
        data = self._own_data() if self._data else folder / "data"
        try:
            self._run.prepare(self.flavor.engine, self.port, data, self._settings)
            command = self._server.command(java, home, self._run, self._heap)
            hand_over(folder, user)
            hand_over(data, user)
        except OSError as err:
            raise NoSpace(f"cannot write the node's files in {folder}: {err.strerror}; free some space there") from err
        self._spawn(command, self._server.environment(java, home, self._run), home, user)
        self._await_ready()

    def _own_data(self) -> Path:
        data = Path(self._data or ".").absolute()
        data.mkdir(parents=True, exist_ok=True)
        user = node_user()
        if user is not None and not can_enter(data.parent, user):
            raise CannotSwitchUser(
                f"the data folder {data} lies in a folder that is closed to user id {user}, which the engine runs as "
                "because it refuses root; choose a folder that every user may enter"
            )
        lock = self._cleanup.enter_context((data.parent / f"{data.name}.lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            raise DataInUse(f"another engine runs on the data in {data}; stop it, or choose another folder") from err
        return data

    def _spawn(self, command: list[str], variables: Mapping[str, str], home: Path, user: int | None) -> None:
        identity: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
        environment = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "HOME": str(self._run.root), **variables}
        with self._run.log.open("wb") as log:
            try:
                self._process = subprocess.Popen(
                    command,
                    cwd=home if self._server.STARTS_IN_ITS_HOME else self._run.root,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    preexec_fn=dying_with_parent(),  # noqa: PLW1509 - one system call, looked up before the fork
                    **identity,
                )
            except PermissionError as err:
                raise CannotSwitchUser(
                    f"{self.flavor.title} refuses to run as root, and this root may not become user {user}: "
                    f"{err.strerror}; run the command as an ordinary user"
                ) from err

    def _await_ready(self) -> None:
        started_s = time.monotonic()
        with httpx.Client(base_url=self.url, trust_env=False, timeout=10) as client:
            while (waited_s := time.monotonic() - started_s) < _READY_WITHIN_S:
                self._report(Step("start", self.flavor.title, int(waited_s)))
                if self._process is None or self._process.poll() is not None:
                    raise NodeDied(
                        f"{self.flavor.title} ended by itself while it started; the end of its log:\n{self.log_tail()}"
                    )
                with contextlib.suppress(httpx.TransportError):
                    if all(client.get(path).is_success for path in self._server.READY):
                        self._report(Step("ready", self.url, int(waited_s)))
                        return
                time.sleep(0.2)
        raise NodeDied(
            f"{self.flavor.title} did not answer within {_READY_WITHIN_S:.0f} s; the end of its log:\n{self.log_tail()}"
        )


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as err:
            raise PortTaken(
                f"port {wanted} on 127.0.0.1 is taken: {err.strerror}; stop what listens there, or choose another port"
            ) from err
        port: int = probe.getsockname()[1]
        return port

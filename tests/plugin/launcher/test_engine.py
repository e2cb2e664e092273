"""The launcher starts a real node, and every way of failing is one sentence that leaves no process behind."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from outrider.plugin.launcher import Engine, engine, engine_root, fetch, java
from outrider.plugin.launcher.errors import (
    CannotSwitchUser,
    DataInUse,
    DownloadFailed,
    NodeDied,
    NoJava,
    NoSpace,
    PortTaken,
    WrongHash,
)
from outrider.plugin.launcher.lock import Artifact, Flavor, flavors
from outrider.plugin.launcher.places import require_space
from outrider.plugin.launcher.progress import silent


def test_every_artifact_is_pinned() -> None:
    for flavor in flavors().values():
        for artifact in flavor.artifacts:
            assert len(artifact.sha256) == 64
            assert artifact.bytes > 0
            assert artifact.version


@pytest.mark.engine
def test_the_node_is_the_locked_version_and_not_root(opensearch: Engine) -> None:
    assert httpx.get(opensearch.url).json()["version"]["number"] == flavors()["plain"].version
    assert os.stat(f"/proc/{opensearch.pid}").st_uid != 0


@pytest.mark.engine
def test_the_ml_flavour_has_its_plugins(opensearch_ml: Engine) -> None:
    plugins = {each["component"] for each in httpx.get(f"{opensearch_ml.url}/_cat/plugins?format=json").json()}
    assert plugins >= {"opensearch-knn", "opensearch-ml", "opensearch-neural-search", "opensearch-job-scheduler"}


@pytest.mark.engine
@pytest.mark.parametrize("flavor", ["elasticsearch", "elasticsearch-8", "elasticsearch-full"])
def test_each_elasticsearch_is_the_locked_version_and_not_root(flavor: str, request: pytest.FixtureRequest) -> None:
    engine: Engine = request.getfixturevalue(flavor.replace("-", "_"))
    nodes = httpx.get(f"{engine.url}/_nodes?filter_path=nodes.*.version,nodes.*.build_flavor").json()["nodes"]
    assert list(nodes.values()) == [{"version": flavors()[flavor].version, "build_flavor": "default"}]
    assert os.stat(f"/proc/{engine.pid}").st_uid != 0
    assert httpx.get(f"{engine.url}/_license").json()["license"]["type"] in ("basic", "trial")


@pytest.mark.engine
@pytest.mark.parametrize("flavor", ["plain", "elasticsearch"])
def test_a_node_dies_with_the_process_that_started_it(flavor: str) -> None:
    code = """
import sys, time
from outrider.plugin.launcher import Engine
engine = Engine(sys.argv[1]).start()
print(engine.pid, engine.url, flush=True)
time.sleep(600)
"""
    starter = subprocess.Popen([sys.executable, "-c", code, flavor], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    with starter.stdout:
        pid, url = starter.stdout.readline().split()
    starter.kill()
    starter.wait()
    deadline = time.monotonic() + 30
    while (_is_running(int(pid)) or _answers(url)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _is_running(int(pid))
    assert not _answers(url)


def _answers(url: str) -> bool:
    """Whether a server still listens: Elasticsearch's is another process than the one we started."""
    try:
        httpx.get(url)
    except httpx.TransportError:
        return False
    return True


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.engine
def test_a_data_folder_belongs_to_one_node() -> None:
    with tempfile.TemporaryDirectory(dir=engine_root(None, silent)) as folder:
        data = Path(folder) / "data"
        os.chmod(folder, 0o755)
        with Engine("plain", data=data) as first:
            httpx.put(f"{first.url}/kept").raise_for_status()
            with pytest.raises(DataInUse, match="another engine runs on the data"):
                Engine("plain", data=data).start()
        with Engine("plain", data=data) as second:
            assert httpx.head(f"{second.url}/kept").is_success


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's engines run as another user")
def test_a_data_folder_that_is_closed_to_the_node_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(CannotSwitchUser, match=r"closed to user id 65534"):
        Engine("plain", data=closed / "data").start()


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {port} on 127\.0\.0\.1 is taken"):
            Engine("plain", port=port).start()


def test_an_old_java_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "_candidates", lambda: iter([java.Java(Path("/opt/jdk-17"), 17, "PATH")]))
    with pytest.raises(NoJava, match=r"found only Java 17 in /opt/jdk-17; get one with: pip install"):
        java.find_java()


def test_too_little_space_is_said_before_downloading(tmp_path: Path) -> None:
    with pytest.raises(NoSpace, match=r"needs 1000000000 MB.*free some space"):
        require_space(tmp_path, 10**15, "OpenSearch")


def _flavor(artifact: Artifact) -> Flavor:
    return Flavor("test", "opensearch", "1", "64m", {}, (artifact,), (), {})


def test_another_file_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    artifact = Artifact("com.ibm.icu", "icu4j-localespi", "77.1", "jar", 50797, "0" * 64, "lib")
    with pytest.raises(WrongHash, match=r"icu4j-localespi-77\.1\.jar has sha256 77d0da"):
        fetch.home_of(_flavor(artifact), tmp_path, silent)
    assert not list(tmp_path.rglob("*.jar"))


def test_an_artifact_that_cannot_be_had_says_what_to_do(tmp_path: Path) -> None:
    artifact = Artifact("com.ibm.icu", "no-such-artifact", "77.1", "jar", 1, "0" * 64, "lib")
    with pytest.raises(DownloadFailed, match="copy the engines folder of the cache"):
        fetch.home_of(_flavor(artifact), tmp_path, silent)


@pytest.mark.engine
def test_a_node_that_dies_shows_the_end_of_its_log() -> None:
    with pytest.raises(NodeDied, match="unknown setting") as failure:
        Engine("plain", settings={"no.such.setting": 1}).start()
    assert "the end of its log" in str(failure.value)


def test_nothing_is_left_after_a_failed_start(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    monkeypatch.setattr(engine, "_READY_WITHIN_S", 0.0)
    spawn = Engine._spawn

    def remember(self: Engine, *arguments: Any) -> None:
        spawn(self, *arguments)
        assert self._process is not None
        started.append(self._process)

    monkeypatch.setattr(Engine, "_spawn", remember)
    with pytest.raises(NodeDied, match="did not answer within"):
        Engine("plain").start()
    assert started[0].poll() is not None

"""Several processes behind one port, as one service: shared counts, one dies and is replaced, all end together."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

SETTINGS = 'port = 0\nworkers = {workers}\nlog_format = "json"\nmodels = [{models}]\n'


class Service:
    """`outrider serve` on a settings file."""

    def __init__(self, folder: Path, *models: str, workers: int = 1) -> None:
        self.file, self._workers = folder / "outrider.toml", workers
        self.write(*models)
        self.log = folder / "log"
        command = [sys.executable, "-m", "outrider.plugin.cli", "serve", "--config", str(self.file)]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().removeprefix("listening on ").strip()
        assert self.url, self.log.read_text()

    def write(self, *models: str) -> None:
        self.file.write_text(SETTINGS.format(workers=self._workers, models=", ".join(f'"{each}"' for each in models)))

    def logged(self, what: str, times: int = 1) -> None:
        """Returns once the log has it so often."""
        end_s = time.monotonic() + 120
        while self.log.read_text().count(what) < times:
            assert time.monotonic() < end_s, self.log.read_text()
            time.sleep(0.05)

    def end(self) -> int:
        self.process.terminate()
        code = self.process.wait(60)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


@contextlib.contextmanager
def running(folder: Path, *models: str, workers: int = 1) -> Iterator[Service]:
    service = Service(folder, *models, workers=workers)
    try:
        yield service
    finally:
        service.end()


def children(pid: int) -> list[int]:
    """The worker processes, without the resource tracker that Python starts beside them."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in found if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()]


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def embed(service: Service, text: str) -> int:
    return httpx.post(f"{service.url}/embed", json={"inputs": text}).status_code


def test_workers_count_together_survive_a_death_and_end_together(tmp_path: Path) -> None:
    with running(tmp_path, "all-MiniLM-L6-v2", workers=2) as service:
        service.logged("is ready on", 2)
        before = children(service.process.pid)
        assert len(before) == 2
        assert {embed(service, f"text {number}") for number in range(20)} == {200}
        lines = httpx.get(f"{service.url}/metrics").text.splitlines()
        (count,) = [line for line in lines if line.startswith('outrider_http_replies_total{route="/embed"')]
        assert count.endswith(" 20.0")
        processes = [line.split() for line in lines if line.startswith("process_")]
        measured = {name: float(value) for name, value in processes}
        assert len(measured) == len(processes) >= 5
        resident = sum(resident_bytes(pid) for pid in before)
        assert measured["process_resident_memory_bytes"] == pytest.approx(resident, rel=0.1)
        assert measured["process_cpu_seconds_total"] > 0

        refused = httpx.post(f"{service.url}/models/unload", json={"model": "all-MiniLM-L6-v2"})
        assert refused.status_code == 409
        assert "SIGHUP" in refused.json()["error"]["message"]

        os.kill(before[0], signal.SIGKILL)
        service.logged("another one starts")
        service.logged("is ready on", 3)
        assert {embed(service, f"again {number}") for number in range(20)} == {200}
        after = children(service.process.pid)
        assert len(after) == 2
        assert before[1] in after
        assert service.end() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in after)


def test_a_worker_that_cannot_load_its_model_ends_them_all_with_its_reason(tmp_path: Path) -> None:
    with running(tmp_path, "/no/such/folder", workers=2) as service:
        assert service.process.wait(60) == 1
    assert "outrider: " in service.log.read_text()
    assert "/no/such/folder" in service.log.read_text().splitlines()[-1]


@pytest.mark.parametrize("workers", [1, 2])
def test_sighup_takes_over_the_models_of_the_settings(tmp_path: Path, workers: int) -> None:
    with running(tmp_path, "all-MiniLM-L6-v2", workers=workers) as service:
        service.logged("is ready on", workers)
        service.write("splade-tiny")
        service.process.send_signal(signal.SIGHUP)
        service.logged("as they are now", workers)
        served = httpx.get(f"{service.url}/v1/models").json()["data"]
        assert [model["id"] for model in served] == ["splade-tiny"]
        assert embed(service, "a") == 404


def test_a_sighup_under_load_drops_no_request(tmp_path: Path) -> None:
    with running(tmp_path, "all-MiniLM-L6-v2", "splade-tiny") as service:
        service.logged("is ready on", 2)
        statuses: list[int] = []
        is_over = threading.Event()

        def ask() -> None:
            with httpx.Client(base_url=service.url, timeout=60) as http:
                while not is_over.is_set():
                    statuses.append(http.post("/embed", json={"inputs": f"text {len(statuses)}"}).status_code)

        asking = [threading.Thread(target=ask) for _ in range(4)]
        for each in asking:
            each.start()
        for times, models in enumerate((("all-MiniLM-L6-v2",), ("all-MiniLM-L6-v2", "splade-tiny")), start=1):
            service.write(*models)
            service.process.send_signal(signal.SIGHUP)
            service.logged("as they are now", times)
        is_over.set()
        for each in asking:
            each.join()
    assert len(statuses) > 20
    assert set(statuses) == {200}


def test_settings_that_cannot_be_taken_over_change_nothing(tmp_path: Path) -> None:
    with running(tmp_path, "all-MiniLM-L6-v2") as service:
        service.logged("is ready on")
        for broken in ("/no/such/folder", 'quote"'):
            service.write(broken)
            service.process.send_signal(signal.SIGHUP)
            service.logged("the old ones stay", 1 if broken.startswith("/") else 2)
        assert embed(service, "a") == 200

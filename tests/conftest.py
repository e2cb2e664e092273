"""What every test may ask for."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from safetensors.numpy import load_file, save_file

from outrider.encoders import DEFAULT_DENSE, resolve
from outrider.plugin.launcher import Engine

# How long an example takes tells how busy the machine is, and nothing about the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

REPOSITORY = Path(__file__).resolve().parents[1]

SERVE = """
from outrider.plugin.server import serve
from outrider.plugin.settings import read_settings
serve(read_settings(flags={"port": 0}), on_started=lambda url: print(url, flush=True))
"""


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real test collections: OUTRIDER_DATA, or shared/data beside the repository."""
    folder = Path(os.environ.get("OUTRIDER_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        raise FileNotFoundError(f"no test collections in {folder}: set OUTRIDER_DATA to the folder that has them")
    return folder


@dataclass(frozen=True)
class RunningSidecar:
    """A sidecar in a process of its own, ready."""

    url: str
    process: subprocess.Popen[str]
    log: Path


StartSidecar = Callable[..., AbstractContextManager[RunningSidecar]]


@pytest.fixture(scope="session")
def start_sidecar(tmp_path_factory: pytest.TempPathFactory) -> StartSidecar:
    """Starts a sidecar with real models on a free port; keyword arguments are environment variables."""

    @contextmanager
    def start(*, wait: bool = True, **environment: str) -> Iterator[RunningSidecar]:
        log = tmp_path_factory.mktemp("sidecar") / "log"
        command = [sys.executable, "-c", SERVE]
        with (
            log.open("w") as stderr,
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=stderr, text=True, env={**os.environ, **environment}
            ) as process,
        ):
            assert process.stdout is not None
            try:
                url = process.stdout.readline().strip()
                assert url, f"the sidecar did not start:\n{log.read_text()}"
                if wait:
                    await_ready(url, process, log)
                yield RunningSidecar(url, process, log)
            finally:
                process.terminate()

    return start


def await_ready(url: str, process: subprocess.Popen[str], log: Path) -> None:
    end_s = time.monotonic() + 300
    while httpx.get(f"{url}/ready").status_code != 200:
        assert process.poll() is None, f"the sidecar ended:\n{log.read_text()}"
        assert time.monotonic() < end_s, f"the sidecar is not ready after 300 s:\n{log.read_text()}"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def sidecar(start_sidecar: StartSidecar) -> Iterator[RunningSidecar]:
    """One sidecar with the three ready models for the whole run."""
    with start_sidecar() as running:
        yield running


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Finds a port that nobody listens on."""

    def found() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            return port

    return found


@pytest.fixture(scope="session")
def static_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Words of the ready dense model with their rows in another order, by a seed: it loads and encodes in no time."""

    def made(seed: int, size: int = 64) -> Path:
        folder = tmp_path_factory.mktemp(f"static-{seed}-")
        source = resolve(DEFAULT_DENSE)
        tensors = load_file(source / "model.safetensors")
        words = next(tensor for name, tensor in tensors.items() if name.endswith("word_embeddings.weight"))
        rows = np.random.default_rng(seed).permutation(len(words))
        save_file({"embedding.weight": words[rows][:, :size].copy()}, folder / "model.safetensors")
        shutil.copy(source / "tokenizer.json", folder)
        modules = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"}]
        (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
        return folder

    return made


@pytest.fixture(scope="session")
def opensearch() -> Iterator[Engine]:
    """A real OpenSearch 3.8.0 as it comes: no plugins. Started once for the run."""
    with Engine("plain") as engine:
        yield engine


@pytest.fixture(scope="session")
def elasticsearch() -> Iterator[Engine]:
    """A real Elasticsearch 9.5.3 of vectors and nothing more: no painless, no ingest. Started once for the run."""
    with Engine("elasticsearch") as engine:
        yield engine


@pytest.fixture(scope="session")
def elasticsearch_8() -> Iterator[Engine]:
    """The same of 8.19.21. Started once for the run."""
    with Engine("elasticsearch-8") as engine:
        yield engine


@pytest.fixture(scope="session")
def elasticsearch_full() -> Iterator[Engine]:
    """A real Elasticsearch 9.4.3 with the inference API, on a basic licence. Started once for the run."""
    with Engine("elasticsearch-full") as engine:
        yield engine


@pytest.fixture(scope="session")
def opensearch_ml() -> Iterator[Engine]:
    """A real OpenSearch 3.6.0 with k-NN, neural-search and ML Commons. Started once for the run."""
    with Engine("ml") as engine:
        yield engine

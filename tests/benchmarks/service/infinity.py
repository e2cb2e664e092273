"""Single texts against Infinity with the same model: p50 at one client, throughput and p99 at 32 clients.

    python tests/benchmarks/service/infinity.py INFINITY-EMB-EXECUTABLE MODEL-FOLDER [rounds] [seconds] [result.json]

The servers take turns within each round, so that what else the machine does falls on all; ratios are of medians over
rounds. Every text is new, so no cache helps. Infinity needs an environment of its own:
pip install infinity-emb[all].
"""

import asyncio
import contextlib
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

SERVE = """
import sys
from outrider.plugin.server import serve
from outrider.plugin.settings import ModelSettings, read_settings
models = (ModelSettings(source="all-MiniLM-L6-v2", precision=sys.argv[1]),)
serve(read_settings(flags={"port": int(sys.argv[2]), "models": models, "log_level": "warning"}))
"""
CLIENTS = 32
THEIRS = ("v2", "--engine", "torch", "--device", "cpu", "--no-bettertransformer", "--log-level", "error")
TEXTS = (f"what is known about subject {number} near the old harbour" for number in itertools.count())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def commands(infinity: str, folder: str) -> dict[str, tuple[list[str], str, int]]:
    ours = [sys.executable, "-c", SERVE]
    ports = [free_port() for _ in range(3)]
    return {
        "exact": ([*ours, "exact", str(ports[0])], "/v1/embeddings", ports[0]),
        "int8": ([*ours, "int8", str(ports[1])], "/v1/embeddings", ports[1]),
        "infinity": (
            [infinity, *THEIRS, "--model-id", folder, "--port", str(ports[2])],
            "/embeddings",
            ports[2],
        ),
    }


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[str]:
    environment = {**os.environ, "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(command, env=environment) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            while process.poll() is None:
                with contextlib.suppress(httpx.TransportError):
                    if httpx.get(f"{url}/v1/models").json().get("data") or httpx.get(f"{url}/models").json().get(
                        "data"
                    ):
                        break
                time.sleep(0.2)
            yield url
        finally:
            process.terminate()


async def ask(http: httpx.AsyncClient, path: str, model: str, end_s: float) -> list[float]:
    latencies = []
    while time.perf_counter() < end_s:
        started_s = time.perf_counter()
        reply = await http.post(path, json={"model": model, "input": next(TEXTS)})
        reply.raise_for_status()
        latencies.append(1000 * (time.perf_counter() - started_s))
    return latencies


async def measure(url: str, path: str, seconds: float) -> dict[str, float]:
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as http:
        model = (await http.get("/models")).json()["data"][0]["id"]
        await ask(http, path, model, time.perf_counter() + 0.5)
        one = await ask(http, path, model, time.perf_counter() + seconds)
        end_s, started_s = time.perf_counter() + seconds, time.perf_counter()
        each = await asyncio.gather(*(ask(http, path, model, end_s) for _ in range(CLIENTS)))
        many = [latency for latencies in each for latency in latencies]
        took_s = time.perf_counter() - started_s
    return {
        "p50_ms": statistics.median(one),
        "per_s": len(many) / took_s,
        "p99_ms": statistics.quantiles(many, n=100)[98],
    }


def main(infinity: str, folder: str, rounds: int = 3, seconds: float = 4.0, result: str = "") -> None:
    seen: dict[str, list[dict[str, Any]]] = {}
    with contextlib.ExitStack() as stack:
        servers = {
            name: (stack.enter_context(running(command, port)), path)
            for name, (command, path, port) in commands(infinity, folder).items()
        }
        for _ in range(rounds):
            for name, (url, path) in servers.items():
                seen.setdefault(name, []).append(asyncio.run(measure(url, path, seconds)))
    medians = {
        name: {key: statistics.median(each[key] for each in rows) for key in rows[0]} for name, rows in seen.items()
    }
    theirs = medians["infinity"]
    print("| server | p50, 1 client (ms) | texts/s, 32 clients | p99, 32 clients (ms) | p50 | texts/s | p99 |")
    print("|---|---|---|---|---|---|---|")
    for name, ours in medians.items():
        ratios = (theirs["p50_ms"] / ours["p50_ms"], ours["per_s"] / theirs["per_s"], theirs["p99_ms"] / ours["p99_ms"])
        figures = " | ".join(f"{ours[key]:.1f}" for key in ("p50_ms", "per_s", "p99_ms"))
        print(f"| {name} | {figures} | " + " | ".join(f"{ratio:.1f}x" for ratio in ratios) + " |")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if result:
        Path(result).write_text(json.dumps({"load": os.getloadavg(), "rounds": seen, "medians": medians}, indent=1))


if __name__ == "__main__":
    given = sys.argv[1:]
    main(given[0], given[1], *(kind(value) for kind, value in zip((int, float, str), given[2:], strict=False)))

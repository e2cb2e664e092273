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

from light_client import Connection, until_ready

SERVE = """
import sys
from outrider.plugin.server import serve
from outrider.plugin.settings import ModelSettings, read_settings
models = (ModelSettings(source="all-MiniLM-L6-v2", precision=sys.argv[1]),)
serve(read_settings(flags={"port": int(sys.argv[2]), "models": models, "log_level": "warning"}))
"""
CLIENTS = 32
PRECISIONS = ("exact", "fast", "int8")
THEIRS = ("v2", "--engine", "torch", "--device", "cpu", "--no-bettertransformer", "--log-level", "error")
TEXTS = (f"what is known about subject {number} near the old harbour" for number in itertools.count())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def commands(infinity: str, folder: str) -> dict[str, tuple[list[str], str, str, int]]:
    taken = {precision: free_port() for precision in PRECISIONS}
    servers = {
        precision: ([sys.executable, "-c", SERVE, precision, str(port)], "/v1/embeddings", "all-MiniLM-L6-v2", port)
        for precision, port in taken.items()
    }
    port = free_port()
    command = [infinity, *THEIRS, "--model-id", folder, "--served-model-name", "theirs", "--port", str(port)]
    return servers | {"infinity": (command, "/embeddings", "theirs", port)}


@contextlib.contextmanager
def running(command: list[str], port: int, ready: str) -> Iterator[int]:
    environment = {**os.environ, "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(command, env=environment) as process:
        try:
            asyncio.run(asyncio.wait_for(until_ready(port, ready), 120))
            yield port
        finally:
            process.terminate()


async def ask(connection: Connection, path: str, model: str, end_s: float) -> list[float]:
    latencies = []
    while time.perf_counter() < end_s:
        reply = await connection.post(path, json.dumps({"model": model, "input": next(TEXTS)}).encode())
        if reply.status != 200:
            raise SystemExit(f"{path} answered {reply.status}: {reply.body[:200]!r}")
        latencies.append(1000 * reply.took_s)
    return latencies


async def measure(port: int, path: str, model: str, seconds: float) -> dict[str, float]:
    connections = [await Connection.open(port) for _ in range(CLIENTS)]
    await ask(connections[0], path, model, time.perf_counter() + 0.5)
    one = await ask(connections[0], path, model, time.perf_counter() + seconds)
    end_s, started_s = time.perf_counter() + seconds, time.perf_counter()
    each = await asyncio.gather(*(ask(connection, path, model, end_s) for connection in connections))
    many = [latency for latencies in each for latency in latencies]
    took_s = time.perf_counter() - started_s
    for connection in connections:
        connection.close()
    return {
        "p50_ms": statistics.median(one),
        "per_s": len(many) / took_s,
        "mean_ms": statistics.fmean(many),
        "p99_ms": statistics.quantiles(many, n=100)[98],
    }


def main(infinity: str, folder: str, rounds: int = 3, seconds: float = 4.0, result: str = "") -> None:
    seen: dict[str, list[dict[str, Any]]] = {}
    with contextlib.ExitStack() as stack:
        servers = {
            name: (
                stack.enter_context(running(command, port, "/models" if name == "infinity" else "/ready")),
                path,
                model,
            )
            for name, (command, path, model, port) in commands(infinity, folder).items()
        }
        for _ in range(rounds):
            for name, server in servers.items():
                seen.setdefault(name, []).append(asyncio.run(measure(*server, seconds)))
    medians = {
        name: {key: statistics.median(each[key] for each in rows) for key in rows[0]} for name, rows in seen.items()
    }
    theirs = medians["infinity"]
    print(
        "| server | p50, 1 client (ms) | texts/s, 32 clients | mean (ms) | p99, 32 clients (ms) | p50 | texts/s | p99 |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, ours in medians.items():
        ratios = (theirs["p50_ms"] / ours["p50_ms"], ours["per_s"] / theirs["per_s"], theirs["p99_ms"] / ours["p99_ms"])
        figures = " | ".join(f"{ours[key]:.1f}" for key in ("p50_ms", "per_s", "mean_ms", "p99_ms"))
        print(f"| {name} | {figures} | " + " | ".join(f"{ratio:.1f}x" for ratio in ratios) + " |")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if result:
        Path(result).write_text(json.dumps({"load": os.getloadavg(), "rounds": seen, "medians": medians}, indent=1))


if __name__ == "__main__":
    given = sys.argv[1:]
    main(given[0], given[1], *(kind(value) for kind, value in zip((int, float, str), given[2:], strict=False)))

"""One worker against two: short texts that are new, and queries that were asked before.

    python tests/benchmarks/service/workers.py [rounds] [seconds]

The services take turns within each round. New texts are full of matrix products, which share the cores whatever the
number of processes; repeated queries cost the HTTP layer alone, which one process runs on one core.
"""

import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from light_client import Connection, until_ready

SERVE = """
import sys
from outrider.plugin.server import serve
from outrider.plugin.settings import ModelSettings, read_settings
if __name__ == "__main__":
    models = (ModelSettings(source="all-MiniLM-L6-v2", precision="int8"),)
    flags = {"port": 0, "models": models, "workers": int(sys.argv[1]), "log_level": "warning"}
    serve(read_settings(flags=flags), on_started=lambda url: print(url, flush=True))
"""
CLIENTS = 32
NEW = (f"what is known about subject {number} near the old harbour" for number in itertools.count())
AGAIN = itertools.repeat("what is asked again and again")
LOADS = {"new texts": ("/encode_document", NEW), "repeated queries": ("/encode_query", AGAIN)}


def resident_mb(pid: int) -> float:
    """Of the process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in (pid, *children))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def measure(port: int, load: str, seconds: float) -> tuple[float, list[float]]:
    path, texts = LOADS[load]
    connections = [await Connection.open(port) for _ in range(CLIENTS)]
    end_s = time.perf_counter() + seconds

    async def ask(connection: Connection) -> list[float]:
        taken = []
        while time.perf_counter() < end_s:
            reply = await connection.post(path, json.dumps({"texts": [next(texts)]}).encode())
            if reply.status != 200:
                raise SystemExit(f"{path} answered {reply.status}: {reply.body[:200]!r}")
            taken.append(1000 * reply.took_s)
        return taken

    each = await asyncio.gather(*map(ask, connections))
    for connection in connections:
        connection.close()
    latencies = [latency for taken in each for latency in taken]
    return len(latencies) / seconds, latencies


def main(rounds: int = 3, seconds: float = 4.0) -> None:
    seen: dict[tuple[str, int], list[tuple[float, list[float]]]] = {}
    memory = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        script = folder / "serve_workers.py"
        script.write_text(SERVE)
        services = {}
        for workers in (1, 2):
            command = [sys.executable, str(script), str(workers)]
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            stack.callback(process.terminate)
            assert process.stdout is not None
            services[workers] = (int(process.stdout.readline().rpartition(":")[2]), process.pid)
        for port, _ in services.values():
            asyncio.run(until_ready(port))
        time.sleep(3)
        for _, load, workers in itertools.product(range(rounds), LOADS, services):
            seen.setdefault((load, workers), []).append(asyncio.run(measure(services[workers][0], load, seconds)))
        memory = {workers: resident_mb(pid) for workers, (_, pid) in services.items()}
    print("| load | workers | replies/s | p50 ms | p99 ms | memory MB |")
    print("|---|---|---|---|---|---|")
    for (load, workers), slices in seen.items():
        per_s = statistics.median(each for each, _ in slices)
        percents = [statistics.quantiles(latencies, n=100) for _, latencies in slices]
        p50, p99 = (statistics.median(each[at] for each in percents) for at in (49, 98))
        print(f"| {load} | {workers} | {per_s:.0f} | {p50:.1f} | {p99:.1f} | {memory[workers]:.0f} |")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main(*(kind(value) for kind, value in zip((int, float), sys.argv[1:], strict=False)))

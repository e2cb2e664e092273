"""Five times the load that the dense model can carry: what is refused, how fast, and what becomes of the rest.

    python tests/benchmarks/service/overload.py [seconds]

Bars: refused within 50 ms, accepted answered within their deadline, memory flat once the queue is full.
"""

import asyncio
import gzip
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from light_client import Connection, Reply, until_ready

SERVE = """
from outrider.plugin.server import serve
from outrider.plugin.settings import read_settings
serve(read_settings(flags={"port": 0, "models": ["all-MiniLM-L6-v2"], "log_level": "warning",
                           "queue": {"texts": 1024, "timeout_s": 5}}), on_started=lambda url: print(url, flush=True))
"""
DATA = Path(os.environ.get("OUTRIDER_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
TEXTS = 16
DEADLINE_S = 5.0
OVERLOAD = 5


@dataclass
class Seen:
    statuses: Counter[int] = field(default_factory=Counter)
    refused_ms: list[float] = field(default_factory=list)
    accepted_s: list[float] = field(default_factory=list)
    broken: int = 0


def bodies() -> list[bytes]:
    with gzip.open(DATA / "wiki-multihop" / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in itertools.islice(lines, 100 * TEXTS)]
    return [json.dumps({"texts": texts[at : at + TEXTS]}).encode() for at in range(0, len(texts), TEXTS)]


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


class Pool:
    """Connections that are kept and used again; a new one where all are busy."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[Connection] = []

    async def post(self, body: bytes) -> Reply:
        self._idle = [connection for connection in self._idle if connection.is_open]
        connection = self._idle.pop() if self._idle else await Connection.open(self._port)
        reply = await connection.post("/encode_document", body)
        self._idle.append(connection)
        return reply


async def send(pool: Pool, body: bytes, seen: Seen) -> None:
    reply = await pool.post(body)
    seen.statuses[reply.status] += 1
    if reply.status != 200:
        seen.refused_ms.append(1000 * reply.took_s)
    elif b'"errors":[]' in reply.body:
        seen.accepted_s.append(reply.took_s)
    else:
        seen.broken += 1


async def measure(port: int, pid: int, seconds: float) -> None:
    work, pool = itertools.cycle(bodies()), Pool(port)
    await until_ready(port)
    alone = Seen()
    started_s = time.perf_counter()
    for _ in range(8):
        await asyncio.gather(*(send(pool, next(work), alone) for _ in range(4)))
    capacity = 32 / (time.perf_counter() - started_s)
    print(f"capacity: {capacity * TEXTS:.0f} documents/s; sending {OVERLOAD} times as many")
    seen, sending, memory = Seen(), [], []
    end_s = time.perf_counter() + seconds
    while time.perf_counter() < end_s:
        sending.append(asyncio.create_task(send(pool, next(work), seen)))
        memory.append(resident_mb(pid))
        await asyncio.sleep(1 / (capacity * OVERLOAD))
    await asyncio.gather(*sending)
    print(f"replies by status: {dict(seen.statuses)}")
    p99 = statistics.quantiles(seen.refused_ms, n=100)[98]
    longest_ms = max(seen.refused_ms)
    print(f"refused: p50 {statistics.median(seen.refused_ms):.1f} ms, p99 {p99:.1f} ms, longest {longest_ms:.1f} ms")
    late = sum(took_s >= DEADLINE_S for took_s in seen.accepted_s) + seen.broken
    print(
        f"accepted: {len(seen.accepted_s)}, p50 {statistics.median(seen.accepted_s):.2f} s, "
        f"longest {max(seen.accepted_s):.2f} s, {late} beyond their {DEADLINE_S:g} s"
    )
    half = len(memory) // 2
    print(f"memory: {memory[half]:.0f} MB half way, {memory[-1]:.0f} MB at the end")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def main(seconds: float = 20.0) -> None:
    with subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            asyncio.run(measure(int(server.stdout.readline().rpartition(":")[2]), server.pid, seconds))
        finally:
            server.terminate()


if __name__ == "__main__":
    main(*(float(argument) for argument in sys.argv[1:]))

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

import httpx

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
    late: int = 0


def bodies() -> list[bytes]:
    with gzip.open(DATA / "wiki-multihop" / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in itertools.islice(lines, 100 * TEXTS)]
    return [json.dumps({"texts": texts[at : at + TEXTS]}).encode() for at in range(0, len(texts), TEXTS)]


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


async def send(http: httpx.AsyncClient, body: bytes, seen: Seen) -> None:
    started_s = time.perf_counter()
    reply = await http.post("/encode_document", content=body)
    took_s = time.perf_counter() - started_s
    seen.statuses[reply.status_code] += 1
    if reply.status_code == 200 and not reply.json()["errors"]:
        seen.accepted_s.append(took_s)
    elif took_s >= DEADLINE_S:
        seen.late += 1
    else:
        seen.refused_ms.append(1000 * took_s)


async def measure(url: str, pid: int, seconds: float) -> None:
    work = itertools.cycle(bodies())
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=200)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as http:
        while (await http.get("/ready")).status_code != 200:
            await asyncio.sleep(0.1)
        alone = Seen()
        started_s = time.perf_counter()
        for _ in range(4):
            await asyncio.gather(*(send(http, next(work), alone) for _ in range(4)))
        capacity = 16 / (time.perf_counter() - started_s)
        print(f"capacity: {capacity * TEXTS:.0f} documents/s; sending {OVERLOAD} times as many")
        seen, sending, memory = Seen(), [], []
        end_s = time.perf_counter() + seconds
        while time.perf_counter() < end_s:
            sending.append(asyncio.create_task(send(http, next(work), seen)))
            memory.append(resident_mb(pid))
            await asyncio.sleep(1 / (capacity * OVERLOAD))
        await asyncio.gather(*sending)
    print(f"replies by status: {dict(seen.statuses)}")
    p99 = statistics.quantiles(seen.refused_ms, n=100)[98]
    print(f"refused: p50 {statistics.median(seen.refused_ms):.1f} ms, p99 {p99:.1f} ms")
    longest_s = max(seen.accepted_s)
    print(f"accepted: p50 {statistics.median(seen.accepted_s):.2f} s, longest {longest_s:.2f} s, {seen.late} late")
    half = len(memory) // 2
    print(f"memory: {memory[half]:.0f} MB half way, {memory[-1]:.0f} MB at the end")


def main(seconds: float = 20.0) -> None:
    with subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            asyncio.run(measure(server.stdout.readline().strip(), server.pid, seconds))
        finally:
            server.terminate()


if __name__ == "__main__":
    main(*(float(argument) for argument in sys.argv[1:]))

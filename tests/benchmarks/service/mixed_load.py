"""Latency of single queries, alone and beside a saturating load of documents, on the dense model.

    python tests/benchmarks/service/mixed_load.py [seconds]

Both halves run in turns, so that what else the machine does falls on both. Queries are never repeated: no cache.
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
from collections.abc import Iterator
from pathlib import Path

import httpx

SERVE = """
from outrider.plugin.server import serve
from outrider.plugin.settings import read_settings
serve(read_settings(flags={"port": 0, "models": ["all-MiniLM-L6-v2"], "log_level": "warning"}),
      on_started=lambda url: print(url, flush=True))
"""
DATA = Path(os.environ.get("OUTRIDER_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
BULK_CLIENTS = 4
BULK_TEXTS = 64
ROUNDS = 3


def documents() -> Iterator[list[str]]:
    with gzip.open(DATA / "wiki-multihop" / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in itertools.islice(lines, 6400)]
    return itertools.cycle(texts[start : start + BULK_TEXTS] for start in range(0, len(texts), BULK_TEXTS))


def questions() -> Iterator[str]:
    with (DATA / "wiki-multihop" / "queries.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    return (f"{text} {number}" for number in itertools.count() for text in texts)


async def ask(http: httpx.AsyncClient, asked: Iterator[str], seconds: float) -> list[float]:
    latencies = []
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        started_s = time.perf_counter()
        reply = await http.post("/encode_query", json={"texts": [next(asked)]})
        reply.raise_for_status()
        latencies.append(1000 * (time.perf_counter() - started_s))
    return latencies


async def load(http: httpx.AsyncClient, batches: Iterator[list[str]]) -> None:
    while True:
        reply = await http.post("/encode_document", json={"texts": next(batches)})
        reply.raise_for_status()


async def bulk_tokens(http: httpx.AsyncClient) -> float:
    lines = (await http.get("/metrics")).text.splitlines()
    series = [line for line in lines if line.startswith("outrider_tokens_total") and "bulk" in line]
    return sum(float(line.rpartition(" ")[2]) for line in series)


def p(latencies: list[float], percent: int) -> float:
    return statistics.quantiles(latencies, n=100)[percent - 1]


async def measure(url: str, seconds: float) -> None:
    asked, batches = questions(), documents()
    idle: list[float] = []
    loaded: list[float] = []
    async with httpx.AsyncClient(base_url=url, timeout=120) as http:
        while (await http.get("/ready")).status_code != 200:
            await asyncio.sleep(0.1)
        for _ in range(ROUNDS):
            idle += await ask(http, asked, seconds)
            loading = [asyncio.create_task(load(http, batches)) for _ in range(BULK_CLIENTS)]
            await asyncio.sleep(1)
            before = await bulk_tokens(http)
            loaded += await ask(http, asked, seconds)
            print(f"bulk beside it: {(await bulk_tokens(http) - before) / seconds:.0f} tokens/s")
            for task in loading:
                task.cancel()
            await asyncio.gather(*loading, return_exceptions=True)
            await asyncio.sleep(0.5)
    for name, latencies in (("idle", idle), ("loaded", loaded)):
        figures = ", ".join(f"p{percent} {p(latencies, percent):.2f} ms" for percent in (50, 95, 99))
        print(f"{name}: {figures} ({len(latencies)} queries)")
    print(f"p99 loaded / idle: {p(loaded, 99) / p(idle, 99):.2f} (bar: at most 3)")


def main(seconds: float = 5.0) -> None:
    with subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            asyncio.run(measure(server.stdout.readline().strip(), seconds))
        finally:
            server.terminate()


if __name__ == "__main__":
    main(*(float(argument) for argument in sys.argv[1:]))

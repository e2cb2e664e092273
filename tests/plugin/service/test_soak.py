"""Mixed load with hang-ups, malformed bodies and reloads: nothing is lost, swapped, or answered with a 5xx.

Twenty seconds, or OUTRIDER_SOAK_S. From an hour on, memory is held to 5 % as well; in five minutes it is still on its
way to where it stays. An hour, with its report:
OUTRIDER_SOAK_S=3600 python -m pytest -s tests/plugin/service/test_soak.py
"""

import json
import os
import random
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from outrider.encoders import DEFAULT_DENSE, DEFAULT_RERANKER, DEFAULT_SPARSE, open_model

SECONDS = float(os.environ.get("OUTRIDER_SOAK_S", "20"))
LONG_S = 3600
TEXTS = [
    f"{subject} {verb} {'and again ' * (number % 7)}on day {number}"
    for number, (subject, verb) in enumerate(
        (subject, verb)
        for subject in ("a heron", "the night train", "an old printer", "der Bäcker", "東京の猫")
        for verb in ("waits", "sings", "burns", "is repaired")
    )
]
QUERY = "birds near water"
MALFORMED = [
    b"",
    b"{",
    b"[]",
    b'{"texts": 7}',
    b'{"texts": ["\\ud83d"], "model": "nobody"}',
    b"\xff\xfe",
    b'{"inputs": NaN}',
]


class Soak:
    """What every worker shares: the right answers, and what was seen."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.end_s = time.monotonic() + SECONDS
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.done: Counter[str] = Counter()
        self.dense = open_model(DEFAULT_DENSE).encode_document(TEXTS)
        self.sparse = [row.to_dict() for row in open_model(DEFAULT_SPARSE).encode_document(TEXTS)]
        self.scores = open_model(DEFAULT_RERANKER).rank(QUERY, TEXTS)
        self.wrong: list[str] = []

    def post(self, http: httpx.Client, path: str, body: Any) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        reply = http.post(path, content=content)
        self.statuses[path, reply.status_code] += 1
        return reply.json()

    def check(self, what: str, got: Any, wanted: Any, tolerance: float) -> None:
        self.done["checked"] += 1
        if not np.allclose(got, wanted, atol=tolerance):
            self.wrong.append(f"{what}: got {str(got)[:200]}, wanted {str(wanted)[:200]}")


def chosen(chance: random.Random) -> list[int]:
    return chance.sample(range(len(TEXTS)), chance.randint(1, len(TEXTS)))


def encode_dense(soak: Soak, http: httpx.Client, chance: random.Random) -> None:
    places = chosen(chance)
    reply = soak.post(http, "/encode_document", {"texts": [TEXTS[place] for place in places]})
    soak.check("dense", reply["embeddings"], soak.dense[places], 1e-4)


def encode_sparse(soak: Soak, http: httpx.Client, chance: random.Random) -> None:
    places = chosen(chance)
    reply = soak.post(http, "/encode_query", {"texts": [TEXTS[place] for place in places], "model": "splade"})
    for place, weights in zip(places, reply["embeddings"], strict=True):
        heaviest = list(soak.sparse[place])[:3]
        soak.check("sparse", [weights[token] for token in heaviest], [soak.sparse[place][t] for t in heaviest], 1e-4)


def rank(soak: Soak, http: httpx.Client, chance: random.Random) -> None:
    places = chosen(chance)
    reply = soak.post(http, "/os/rerank", {"query": QUERY, "documents": [TEXTS[place] for place in places]})
    got = {each["index"]: each["relevance_score"] for each in reply}
    soak.check("rank", [got[index] for index in range(len(places))], soak.scores[places], 0.1)


def send_nonsense(soak: Soak, http: httpx.Client, chance: random.Random) -> None:
    soak.done["malformed"] += 1
    path = chance.choice(["/encode_query", "/v1/embeddings", "/rerank", "/sparse"])
    soak.post(http, path, chance.choice(MALFORMED))


def hang_up(soak: Soak, _: httpx.Client, chance: random.Random) -> None:
    soak.done["hung up"] += 1
    host, port = soak.url.removeprefix("http://").split(":")
    body = json.dumps({"texts": TEXTS}).encode()
    head = f"POST /encode_document HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection((host, int(port))) as leaving:
        leaving.sendall((head + body)[: chance.randint(1, len(head) + len(body))])


Job = Callable[[Soak, httpx.Client, random.Random], None]
JOBS: tuple[Job, ...] = (encode_dense, encode_dense, encode_sparse, rank, send_nonsense, hang_up)


def work(soak: Soak, seed: int) -> None:
    chance = random.Random(seed)
    with httpx.Client(base_url=soak.url, timeout=60) as http:
        while time.monotonic() < soak.end_s:
            chance.choice(JOBS)(soak, http, chance)


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.fixture(scope="module")
def running(start_sidecar: Any) -> Iterator[Any]:
    with start_sidecar() as started:
        yield started


class Memory:
    """What a process holds, twice a second, from its first look on."""

    def __init__(self, pid: int) -> None:
        self.seen_mb = [resident_mb(pid)]
        self._pid, self._end = pid, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(0.5):
            self.seen_mb.append(resident_mb(self._pid))

    def floors(self) -> tuple[float, float]:
        """Of the second and of the last quarter: the lowest tenth, for in between old and new models are both held."""
        quarter = max(1, len(self.seen_mb) // 4)
        early, late = self.seen_mb[quarter : 2 * quarter] or self.seen_mb, self.seen_mb[-quarter:]
        return floor(early), floor(late)


def floor(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 10]


def report(soak: Soak, memory: Memory) -> None:
    statuses: Counter[int] = Counter()
    for (_, status), count in soak.statuses.items():
        statuses[status] += count
    print(f"\n{SECONDS:.0f} s: {statuses.total()} requests answered ({dict(sorted(statuses.items()))})")
    print(", ".join(f"{count} {what}" for what, count in sorted(soak.done.items())))
    print(f"answers that are not their text's own: {len(soak.wrong)} of {soak.done['checked']}")
    early, late = memory.floors()
    print(f"memory, MB: start {memory.seen_mb[0]:.0f}, second quarter {early:.0f}, last quarter {late:.0f}", end=", ")
    print(f"median {statistics.median(memory.seen_mb):.0f}, largest {max(memory.seen_mb):.0f}")


def test_mixed_load_loses_swaps_and_breaks_nothing(running: Any) -> None:
    soak = Soak(running.url)
    with (
        Memory(running.process.pid) as memory,
        ThreadPoolExecutor(6) as pool,
        httpx.Client(base_url=soak.url, timeout=60) as http,
    ):
        workers = [pool.submit(work, soak, seed) for seed in range(6)]
        while not any(worker.done() for worker in workers):
            for model in ("minilm", "splade", "reranker"):
                soak.post(http, "/models/load", {"model": model})
                soak.done["reloaded"] += 1
        soak.end_s = 0.0  # where one broke, the others stop as well
        report(soak, memory)
        for worker in workers:
            worker.result()
        assert soak.wrong == []
        assert {status for _, status in soak.statuses} <= {200, 400, 404, 422}
        assert min(soak.statuses[path, 200] for path in ("/encode_document", "/encode_query", "/os/rerank")) > 0
        assert http.get("/ready").json()["ready"] is True
        waiting = [line for line in http.get("/metrics").text.splitlines() if line.startswith("outrider_queue_texts{")]
    assert {line.rpartition(" ")[2] for line in waiting} == {"0.0"}
    if SECONDS >= LONG_S:
        early, late = memory.floors()
        assert late <= early * 1.05

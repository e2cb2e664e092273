"""What the gateway adds to a search that passes through it: direct and through in turns, on a real OpenSearch.

python tests/benchmarks/gateway.py [searches]
"""

import http.client
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from outrider.plugin.launcher import Engine

BODY = json.dumps({"query": {"match": {"title": "river bank"}}, "size": 10}).encode()
TEXT = "river bank of money flows through old stone town near blue hill where people sell bread and fish"


def cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def fill(url: str, count: int = 2000) -> None:
    """Documents of a few words, those of the query among them."""
    words = TEXT.split()
    lines = []
    for n in range(count):
        title = " ".join(words[(n * step) % len(words)] for step in range(1, 9))
        lines += [json.dumps({"index": {"_id": str(n)}}), json.dumps({"title": title, "n": n})]
    headers = {"content-type": "application/x-ndjson"}
    body = "\n".join(lines) + "\n"
    httpx.post(f"{url}/bench/_bulk?refresh=true", content=body, headers=headers, timeout=60).raise_for_status()


def timed_ms(connection: http.client.HTTPConnection) -> float:
    started = time.perf_counter()
    connection.request("POST", "/bench/_search", BODY, {"content-type": "application/json"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200 or not body:
        raise SystemExit(f"answered with {answer.status}: {body[:200]!r}")
    return (time.perf_counter() - started) * 1000


def compare(engine_url: str, gateway_url: str, searches: int) -> None:
    direct, through = (http.client.HTTPConnection(urlsplit(url).netloc) for url in (engine_url, gateway_url))
    for _ in range(300):
        timed_ms(direct), timed_ms(through)
    pairs = [(timed_ms(direct), timed_ms(through)) for _ in range(searches)]
    for name, at in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
        first, second = (sorted(times)[int(at * len(pairs))] for times in zip(*pairs, strict=True))
        print(f"{name}: direct {first:.2f} ms, through {second:.2f} ms, added {second - first:.2f} ms")
    print(f"median of the differences: {statistics.median(b - a for a, b in pairs):.2f} ms")


def main(searches: int = 2000) -> None:
    command = [sys.executable, "-m", "outrider.plugin.cli", "gateway"]
    with Engine("plain") as engine:
        fill(engine.url)
        with subprocess.Popen(
            [*command, engine.url, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True
        ) as gateway:
            assert gateway.stdout is not None
            url = gateway.stdout.readline().split()[-1]
            print(f"CPU: {cpu_model()}; load average {os.getloadavg()[0]:.1f}; {searches} searches each")
            compare(engine.url, url, searches)
            gateway.terminate()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))

"""From a new process to the first embedding, and the memory that it takes, beside Sentence Transformers.

    python tests/benchmarks/encoders/start_up.py [--slices 5] [--json FILE]

Both run in turn; files are in the page cache and the graph is built, as on every start but the first. Memory is the
peak of the process (VmHWM), and what it holds after sparse work of 256 texts shows the vocabulary's cost.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from typing import Any

from interleaved import cpu

from outrider.encoders import open_model
from outrider.encoders.sources import DEFAULT_DENSE, DEFAULT_SPARSE, resolve

OURS = "from outrider.encoders import open_model\nmodel = open_model({folder!r}, precision={precision!r})\n"
DENSE = "model.encode_query(['a first question'])\n"
SPARSE = "model.encode_document(['a passage of some length ' * 50] * 256)\n"
PEAK = "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"


def programs() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for title, name, theirs, work in (
        ("first embedding", DEFAULT_DENSE, "SentenceTransformer", DENSE),
        ("256 sparse texts", DEFAULT_SPARSE, "SparseEncoder", SPARSE),
    ):
        folder = str(resolve(name))
        reference = f"from sentence_transformers import {theirs}\nmodel = {theirs}({folder!r}, device='cpu')\n"
        found[title] = {"sentence-transformers": reference + work + PEAK}
        for precision in ("exact", "fast", "int8"):
            open_model(folder, precision=precision).close()
            found[title][precision] = OURS.format(folder=folder, precision=precision) + work + PEAK
    return found


def run(program: str) -> tuple[float, float]:
    """Seconds, and MB at the peak."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True)
    return time.perf_counter() - start, int(done.stdout.split()[-1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=int, default=5)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    print(f"CPU: {cpu()}")
    results: dict[str, Any] = {}
    for title, ways in programs().items():
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(arguments.slices):
            for name, program in ways.items():
                taken[name].append(run(program))
        medians = {
            name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in taken.items()
        }
        first = medians["sentence-transformers"]
        print(f"\n### {title}\n| way | s | times less | peak MB | times less |\n|---|---|---|---|---|")
        for name, (seconds, memory) in medians.items():
            print(f"| {name} | {seconds:.2f} | {first[0] / seconds:.1f} | {memory:.0f} | {first[1] / memory:.1f} |")
        results[title] = taken
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as stream:
            json.dump({"cpu": cpu(), "results": results}, stream, indent=2)


if __name__ == "__main__":
    main()

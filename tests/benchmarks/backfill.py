"""Backfilling many short documents with a static model: documents a second, memory, and whether time is linear.

    python tests/benchmarks/backfill.py [--documents N] [--workers N] [--batch N] [--json FILE]

Starts a bare OpenSearch, fills it as fast as `_bulk` takes the bare documents, then backfills them in place. The model
is the table of words of the ready dense model, so that next to nothing is computed and the data path is what is seen.
"""

import argparse
import json
import os
import random
import resource
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table
from safetensors.numpy import load_file, save_file

from outrider.connectors import IndexingReport, backfill, connect, outlook, spec_in_place
from outrider.encoders import DEFAULT_DENSE, resolve
from outrider.plugin.launcher import Engine
from outrider.plugin.local_encoder import LocalEncoder

INDEX = "benchmark-backfill"
BULK = 1000
LOADERS = 4
WORDS = [
    "heron",
    "reed",
    "train",
    "night",
    "bread",
    "flour",
    "river",
    "stone",
    "paper",
    "light",
    "winter",
    "market",
    "garden",
    "window",
    "letter",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, Engine("plain") as engine:
        encoder = LocalEncoder(dense=str(static_model(Path(scratch) / "model")), sparse=None, rerank=None)
        report = {
            "cpu": cpu(),
            "load_before": os.getloadavg()[0],
            "documents": given.documents,
            "bulk_per_s": round(given.documents / fill(engine.url, given.documents)),
            **measure(engine.url, encoder, given.workers, given.batch, Path(scratch)),
        }
    if given.json:
        given.json.write_text(json.dumps(report, indent=2), encoding="utf-8")
    show(report)


def static_model(folder: Path) -> Path:
    """The words of the ready dense model, each with its row, as a folder of Sentence Transformers."""
    folder.mkdir()
    source = resolve(DEFAULT_DENSE)
    tensors = load_file(source / "model.safetensors")
    words = next(tensor for name, tensor in tensors.items() if name.endswith("word_embeddings.weight"))
    save_file({"embedding.weight": words}, folder / "model.safetensors")
    shutil.copy(source / "tokenizer.json", folder)
    modules = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"}]
    (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    return folder


def fill(url: str, count: int) -> float:
    """Seconds that the engine takes for the bare documents, from several connections."""
    mapping = {"properties": {"title": {"type": "text"}}}
    settings = {"number_of_replicas": 0}
    httpx.put(f"{url}/{INDEX}", json={"mappings": mapping, "settings": settings}).raise_for_status()
    headers = {"content-type": "application/x-ndjson"}

    def send(start: int) -> None:
        chosen = random.Random(start)
        lines = []
        for n in range(start, min(start + BULK, count)):
            title = " ".join(chosen.choices(WORDS, k=8))
            lines.append(f'{{"index":{{"_id":"d{n}"}}}}\n{{"title":"{title} {n}"}}\n')
        httpx.post(f"{url}/{INDEX}/_bulk", content="".join(lines), headers=headers, timeout=120).raise_for_status()

    started_s = time.perf_counter()
    with ThreadPoolExecutor(LOADERS) as pool:
        list(pool.map(send, range(0, count, BULK)))
    return time.perf_counter() - started_s


def measure(url: str, encoder: LocalEncoder, workers: int, batch: int, scratch: Path) -> dict[str, Any]:
    cluster = connect(url)
    spec = spec_in_place(cluster, INDEX, ("title",), encoder.models)
    marks: list[tuple[int, float, int]] = []
    started_s = time.perf_counter()

    def note(report: IndexingReport, total: int) -> None:
        if report.seen >= (len(marks) + 1) * total / 10:
            marks.append((report.seen, time.perf_counter() - started_s, rss_mb()))

    done = backfill(
        cluster,
        spec,
        encoder,
        checkpoint=scratch / "checkpoint.json",
        on_progress=note,
        workers=workers,
        batch_size=batch,
    )
    first_half = next(seconds for seen, seconds, _ in marks if seen >= done.seen / 2)
    return {
        "written": done.written,
        "failed": done.failed,
        "encoded": outlook(cluster, spec).encoded,
        "backfill_per_s": round(done.seen / done.seconds),
        "second_half_over_first": round((marks[-1][1] - first_half) / first_half, 2),
        "rss_mb": [mb for _, _, mb in marks],
        "rss_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def rss_mb() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * resource.getpagesize() // 2**20


def cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return (
        next(line.partition(": ")[2] for line in lines if line.startswith("model name")) + f", {os.cpu_count()} cores"
    )


def show(report: dict[str, Any]) -> None:
    table = Table("", "", title=f"{report['documents']} short documents, static model")
    table.add_row("the engine's own _bulk, documents/s", str(report["bulk_per_s"]))
    table.add_row("backfill, documents/s", str(report["backfill_per_s"]))
    table.add_row("second half over first half, time", str(report["second_half_over_first"]))
    table.add_row("resident memory at each tenth, MB", " ".join(map(str, report["rss_mb"])))
    console = Console()
    console.print(table)
    console.print(f"{report['cpu']}; load before {report['load_before']:.1f}")


if __name__ == "__main__":
    main()

"""Retrieval quality and speed through a real OpenSearch: BM25, dense, sparse, fused, fused + reranked.

    python tests/benchmarks/retrieval.py [--engine URL] [--flavor plain|ml] [--native] [--json FILE] [COLLECTION ...]

Indexes each collection of OUTRIDER_DATA (default ../shared/data: all four), asks every judged query in every mode, and
prints nDCG@10, recall@100 and milliseconds per query, with documents per second at ingest and each mode's nDCG@10 over
that of BM25. Settings are those of a fresh index everywhere: nothing is tuned. OUTRIDER_MODELS and the other
settings of `outrider serve` hold for the sidecar.
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from outrider.connectors import MODES, Cluster, Encoder, connect, index_documents, read_jsonl, register, spec_for
from outrider.encoders import metrics
from outrider.plugin.asking import asker_for
from outrider.plugin.client import SidecarClient
from outrider.plugin.launcher import Engine
from outrider.plugin.quickstart.sidecar import running_sidecar

DATA = Path(os.environ.get("OUTRIDER_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"))
MEASURES = ("ndcg@10", "recall@100")
# Reranking is asked as people ask it: ten results out of the first fifty. Its recall@100 is that of the fused ranking.
SIZES = dict.fromkeys(MODES, 100) | {"reranked": 10}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", nargs="*", default=["chorus-dev", "movies-dev", "cranfield", "wiki-multihop"])
    parser.add_argument("--engine", help="a cluster of your own")
    parser.add_argument("--flavor", default="plain", choices=["plain", "ml"])
    parser.add_argument("--native", action="store_true", help="the cluster calls the sidecar (with --flavor ml)")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with ExitStack() as stack:
        engine = given.engine or stack.enter_context(Engine(given.flavor)).url
        sidecar = stack.enter_context(running_sidecar())
        encoder = stack.enter_context(SidecarClient(sidecar))
        cluster = connect(engine)
        runs: list[dict[str, Any]] = []
        report = {"cpu": cpu(), "engine": "native" if given.native else given.flavor, "collections": runs}
        for name in given.collections:
            runs.append(measure(name, cluster, encoder, sidecar if given.native else None))
            if given.json:
                given.json.write_text(json.dumps(report, indent=2), encoding="utf-8")
            show(runs[-1])
    show_gains(report)


def measure(name: str, cluster: Cluster, encoder: Encoder, sidecar: str | None) -> dict[str, Any]:
    index = f"benchmark-{name}"
    spec = spec_for(cluster, index, ("title", "text"), encoder.models)
    if sidecar:
        spec = register(cluster, spec, sidecar)
    report = index_documents(cluster, spec, encoder, read_jsonl(DATA / name / "corpus.jsonl.gz"))
    asker = asker_for(cluster, spec, encoder)
    queries, qrels = read_queries(name), read_qrels(name)
    judged = {query: text for query, text in queries.items() if query in qrels}
    modes: dict[str, Any] = {}
    for mode in MODES:
        run, times = {}, []
        for query, text in judged.items():
            started_s = time.perf_counter()
            answer = asker.search(text, mode, SIZES[mode])
            times.append((time.perf_counter() - started_s) * 1000)
            run[query] = [result.id for result in answer.results]
        values = metrics.evaluate(run, qrels, MEASURES)
        modes[mode] = {each: round(metrics.mean(values[each]), 4) for each in MEASURES}
        modes[mode]["ms"] = round(statistics.median(times), 1)
    modes["reranked"]["recall@100"] = modes["fused"]["recall@100"]
    return {
        "collection": name,
        "documents": report.written,
        "failed": report.failed,
        "documents_per_s": round(report.written / report.seconds, 1),
        "queries": len(judged),
        "modes": modes,
    }


def read_queries(name: str) -> dict[str, str]:
    lines = (DATA / name / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return {query["_id"]: query["text"] for query in map(json.loads, lines)}


def read_qrels(name: str) -> dict[str, dict[str, float]]:
    qrels: dict[str, dict[str, float]] = {}
    for line in (DATA / name / "qrels.tsv").read_text(encoding="utf-8").splitlines():
        query, document, gain = line.split("\t")
        if gain.lstrip("-").isdecimal():  # not the header
            qrels.setdefault(query, {})[document] = float(gain)
    return qrels


def cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return f"{line.partition(': ')[2]}, {os.cpu_count()} cores"
    return platform.processor()


def show(run: Mapping[str, Any]) -> None:
    title = f"{run['collection']}: {run['documents']} documents at {run['documents_per_s']}/s, {run['queries']} queries"
    table = Table("", *MEASURES, "ms/query (median)", title=title)
    for mode, values in run["modes"].items():
        table.add_row(mode, *(f"{values[each]:.4f}" for each in MEASURES), f"{values['ms']:.1f}")
    Console().print(table)


def show_gains(report: Mapping[str, Any]) -> None:
    console = Console()
    table = Table("", *(run["collection"] for run in report["collections"]), "mean", title="nDCG@10 over BM25")
    for mode in MODES[1:]:
        gains = [run["modes"][mode]["ndcg@10"] / run["modes"]["bm25"]["ndcg@10"] - 1 for run in report["collections"]]
        table.add_row(mode, *(f"{gain:+.1%}" for gain in [*gains, statistics.mean(gains)]))
    console.print(table)
    console.print(f"{report['engine']}; {report['cpu']}")


if __name__ == "__main__":
    main()

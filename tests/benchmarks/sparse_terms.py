"""What fewer terms cost and bring: pruned documents, pruned queries, queries in two phases, on a real engine.

    python tests/benchmarks/sparse_terms.py [--engine URL] [--flavor plain|elasticsearch] [--json FILE] [COLLECTION]

Indexes a collection of OUTRIDER_DATA (default ../shared/data, cranfield) once for each way to prune its documents, each
text encoded once; asks every judged query in every way. `overlap@k` is the share of the first k of the full query that
is found, `same order` the share of queries whose first ten are the same, in order.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from outrider.connectors import (
    Cluster,
    Encoded,
    EncodingFailed,
    IndexSpec,
    Models,
    Pruning,
    Searcher,
    TwoPhase,
    connect,
    index_documents,
    read_jsonl,
    spec_for,
)
from outrider.encoders import metrics
from outrider.plugin.evaluation import JudgedQueries, read_judged
from outrider.plugin.launcher import Engine
from outrider.plugin.local_encoder import LocalEncoder

DATA = Path(os.environ.get("OUTRIDER_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"))
MEASURES = ("ndcg@10", "recall@100")
DEPTH = 100
STORED = (Pruning(0.05), Pruning(0.1), Pruning(0.2), Pruning(0.3), Pruning(top_k=128), Pruning(top_k=64))
ASKED = (Pruning(0.1), Pruning(0.2), Pruning(0.3), Pruning(0.4), Pruning(top_k=16), Pruning(top_k=8))
PHASES = (TwoPhase(0.2, 500), TwoPhase(0.4, 200), TwoPhase(0.4, 500), TwoPhase(0.6, 500), TwoPhase(0.6, 1000))


@dataclass
class Once:
    """An encoder of term weights that encodes no text twice."""

    encoder: LocalEncoder
    documents: dict[str, Encoded | EncodingFailed] = field(default_factory=dict)
    queries: dict[str, Encoded] = field(default_factory=dict)

    @property
    def models(self) -> Models:
        return self.encoder.models

    def encode_document(self, texts: Sequence[str]) -> list[Encoded | EncodingFailed]:
        new = [text for text in dict.fromkeys(texts) if text not in self.documents]
        self.documents.update(zip(new, self.encoder.encode_document(new), strict=True))
        return [self.documents[text] for text in texts]

    def encode_query(self, text: str) -> Encoded:
        if text not in self.queries:
            self.queries[text] = self.encoder.encode_query(text)
        return self.queries[text]

    def rank(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        raise NotImplementedError("nothing is reranked here")


@dataclass(frozen=True)
class Run:
    """The first hundred of each query, and how long each took in the engine and on the way, median milliseconds."""

    rankings: Mapping[str, Sequence[tuple[str, float]]]
    ms: float

    def ids(self, query: str, depth: int) -> list[str]:
        return [id for id, _ in self.rankings[query][:depth]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collection", nargs="?", default="cranfield")
    parser.add_argument("--engine", help="a cluster of your own")
    parser.add_argument("--flavor", default="plain", choices=["plain", "elasticsearch"])
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    encoder = Once(LocalEncoder(dense=None, rerank=None))
    folder = DATA / given.collection
    judged = read_judged(folder / "queries.jsonl", folder / "qrels.tsv")
    with ExitStack() as stack:
        cluster = connect(given.engine or stack.enter_context(Engine(given.flavor)).url)
        rows = measured(cluster, encoder, folder, judged)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")
    show(rows, f"{given.collection}, {len(judged.texts)} queries, {cluster.dialect.name}")


def measured(cluster: Cluster, encoder: Once, folder: Path, judged: JudgedQueries) -> list[dict[str, Any]]:
    """The whole index asked in every way, then pruned ones asked by all terms."""
    spec, about = stored(cluster, encoder, folder, None)
    full = ask(cluster, spec, encoder, judged)
    rows = [row("all terms", full, full, judged, **about, query_terms=mean_terms(encoder, None))]
    for pruned in ASKED:
        run = ask(cluster, replace(spec, query_prune=pruned), encoder, judged)
        rows.append(row("query " + told(pruned), run, full, judged, query_terms=mean_terms(encoder, pruned)))
    for phases in PHASES:
        run = ask(cluster, replace(spec, two_phase=phases), encoder, judged)
        heavy = mean_terms(encoder, Pruning(phases.ratio))
        rows.append(row("two phases " + told(phases), run, full, judged, query_terms=heavy))
    for prune in STORED:
        spec, about = stored(cluster, encoder, folder, prune)
        rows.append(row("documents " + told(prune), ask(cluster, spec, encoder, judged), full, judged, **about))
    return rows


def stored(cluster: Cluster, encoder: Once, folder: Path, prune: Pruning | None) -> tuple[IndexSpec, dict[str, float]]:
    """An index of the collection, pruned so; its size, and the terms of a document."""
    index = "benchmark-terms"
    cluster.write("DELETE", f"/{index}?ignore_unavailable=true")
    spec = spec_for(cluster, index, ("title", "text"), encoder.models)
    assert spec.sparse is not None
    spec = replace(spec, sparse=replace(spec.sparse, prune=prune))
    assert index_documents(cluster, spec, encoder, read_jsonl(folder / "corpus.jsonl.gz")).failed == 0
    cluster.write("POST", f"/{index}/_forcemerge?max_num_segments=1&flush=true")
    cluster.write("POST", f"/{index}/_refresh")  # lets go of the segments that were merged
    size = cluster.read("GET", f"/{index}/_stats/store")["_all"]["primaries"]["store"]["size_in_bytes"]
    documents = [each.sparse for each in encoder.documents.values() if isinstance(each, Encoded) and each.sparse]
    terms = statistics.mean(len(prune.kept(each) if prune else each) for each in documents)
    return spec, {"megabytes": round(size / 1e6, 2), "document_terms": round(terms, 1)}


def ask(cluster: Cluster, spec: IndexSpec, encoder: Once, judged: JudgedQueries) -> Run:
    searcher = Searcher(cluster, spec, encoder)
    rankings, times = {}, []
    for query, text in judged.texts.items():
        started_s = time.perf_counter()
        answer = searcher.search(text, "sparse", DEPTH)
        times.append((time.perf_counter() - started_s) * 1000)
        rankings[query] = [(result.id, result.score) for result in answer.results]
    return Run(rankings, statistics.median(times))


def row(name: str, run: Run, full: Run, judged: JudgedQueries, **about: float) -> dict[str, Any]:
    ids = {query: run.ids(query, DEPTH) for query in judged.texts}
    values = metrics.evaluate(ids, judged.qrels, MEASURES)
    return {
        "name": name,
        **about,
        **{measure: round(metrics.mean(values[measure]), 4) for measure in MEASURES},
        "overlap@10": round(overlap(run, full, 10), 4),
        "overlap@100": round(overlap(run, full, 100), 4),
        "same_order": round(statistics.mean(run.ids(q, 10) == full.ids(q, 10) for q in judged.texts), 4),
        "ms": round(run.ms, 1),
    }


def overlap(run: Run, full: Run, depth: int) -> float:
    shares = [
        len(set(run.ids(query, depth)) & set(full.ids(query, depth))) / max(1, len(full.ids(query, depth)))
        for query in full.rankings
    ]
    return statistics.mean(shares)


def mean_terms(encoder: Once, prune: Pruning | None) -> float:
    queries = [encoded.sparse or {} for encoded in encoder.queries.values()]
    return round(statistics.mean(len(prune.kept(each) if prune else each) for each in queries), 1)


def told(setting: Pruning | TwoPhase) -> str:
    return ", ".join(f"{name} {value}" for name, value in asdict(setting).items() if value)


def show(rows: Sequence[Mapping[str, Any]], title: str) -> None:
    columns = list(dict.fromkeys(key for each in rows for key in each))
    table = Table(*columns, title=title)
    for each in rows:
        table.add_row(*(str(each.get(column, "")) for column in columns))
    Console(width=200).print(table)


if __name__ == "__main__":
    main()

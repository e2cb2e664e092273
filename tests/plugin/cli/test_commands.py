"""The commands, as a user types them, on a real engine."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from outrider.plugin.launcher import Engine

from ..conftest import Command

DOCUMENTS = [
    {"_id": "heron", "title": "Heron", "body": "A long-legged bird that stands still in shallow water to catch fish."},
    {"_id": "train", "title": "Night train", "body": "Sleeping cars take travellers across the country overnight."},
    {"_id": "bread", "title": "Sourdough", "body": "Flour, water and salt rise slowly with wild yeast."},
    {"_id": "empty", "title": "", "body": None},
    {"_id": "dots", "title": "a.b.c", "body": "Version 1.2.3 of example.org was released."},
]


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    path = tmp_path / "documents.jsonl"
    path.write_text("".join(json.dumps(document) + "\n" for document in DOCUMENTS))
    return path


@pytest.mark.engine
def test_documents_in_and_questions_out(opensearch: Engine, outrider: Command, documents: Path) -> None:
    report = json.loads(
        outrider("index", opensearch.url, "cli-first", str(documents), "--text", "title,body", "--json").stdout
    )
    assert (report["seen"], report["written"], report["failed"], report["blank"]) == (5, 5, 0, 1)
    again = json.loads(outrider("index", opensearch.url, "cli-first", str(documents), "--json").stdout)
    assert (again["written"], again["skipped"]) == (0, 5)
    for mode in ("dense", "sparse", "fused", "reranked"):
        answer = outrider("search", opensearch.url, "cli-first", "bird near a lake", "--mode", mode, "--json").stdout
        assert json.loads(answer)["results"][0]["id"] == "heron", mode
    shown = outrider("search", opensearch.url, "cli-first", "railway at night").stdout
    assert "Night train" in shown
    paged = outrider("search", opensearch.url, "cli-first", "railway", "--offset", "1", "-k", "1", "--json").stdout
    assert json.loads(paged)["results"][0]["ranks"]["reranked"] == 2
    only = outrider(
        "search", opensearch.url, "cli-first", "railway", "--filter", '{"ids":{"values":["bread"]}}', "--json"
    )
    assert [result["id"] for result in json.loads(only.stdout)["results"]] == ["bread"]


@pytest.mark.engine
def test_quality_is_measured_on_judged_queries(
    opensearch: Engine, outrider: Command, documents: Path, tmp_path: Path
) -> None:
    outrider("index", opensearch.url, "cli-judged", str(documents), "--text", "title,body")
    questions = {"q1": "bird near a lake", "q2": "railway at night", "q3": "baking"}
    (tmp_path / "queries.tsv").write_text("".join(f"{query}\t{text}\n" for query, text in questions.items()))
    (tmp_path / "qrels.txt").write_text("q1 0 heron 1\nq2 0 train 1\nq3 0 bread 1\nq9 0 bread 1\n")
    files = ("--queries", "queries.tsv", "--qrels", "qrels.txt", "--per-query", "each.csv", "--run", "runs")
    report = json.loads(outrider("eval", opensearch.url, "cli-judged", *files, "--json").stdout)
    assert list(report) == ["bm25", "dense", "sparse", "fused", "reranked"]
    assert report["reranked"]["ndcg@10"] == 1.0
    assert report["bm25"]["ndcg@10"] < 1.0  # "baking" is in no document
    assert len((tmp_path / "each.csv").read_text().splitlines()) == 1 + 3 * 5
    assert (tmp_path / "runs" / "reranked.run").read_text().startswith("q1 Q0 heron 1 ")
    shown = outrider("eval", opensearch.url, "cli-judged", *files, "--modes", "bm25,fused").stdout
    assert "3 judged queries" in shown
    outrider("eval", opensearch.url, "cli-judged", *files, "--modes", "bm25,fused", "--plot", "front.png")
    assert (tmp_path / "front.png").read_bytes().startswith(b"\x89PNG")
    outrider("eval", opensearch.url, "cli-judged", *files, "--modes", "bm25,fused", "--plot", "front.html")
    assert "<svg" in (tmp_path / "front.html").read_text()
    fusions = json.loads(
        outrider("eval", opensearch.url, "cli-judged", *files[:4], "--modes", "rrf,bm25", "--json").stdout
    )
    assert list(fusions) == ["rrf", "bm25"]
    assert (fusions["rrf"]["p"]["ndcg@10"], fusions["rrf"]["ndcg@10"]) == (1.0, 1.0)  # the first is the baseline
    none = outrider("eval", opensearch.url, "cli-judged", *files[:4], "--modes", "bm25,best", check=False)
    assert "no mode 'best'; use some of bm25, dense, sparse, fused, reranked, min_max, z_score, l2, rrf" in none.stderr
    wrong = outrider("eval", opensearch.url, "cli-judged", *files[:4], "--measures", "ndcg", check=False)
    assert (wrong.returncode, "such as ndcg@10" in wrong.stderr) == (1, True)


@pytest.mark.engine
def test_tuning_writes_what_it_may_expect_a_gain_from(
    opensearch: Engine, outrider: Command, documents: Path, tmp_path: Path
) -> None:
    outrider("index", opensearch.url, "cli-tuned", str(documents), "--text", "title,body")
    # Judged so that words alone are right: dense and sparse find "bread" for a bird that bakes, too.
    (tmp_path / "queries.tsv").write_text("".join(f"q{n}\tnight train number {n}\n" for n in range(6)))
    (tmp_path / "qrels.txt").write_text("".join(f"q{n} 0 train 1\n" for n in range(6)))
    files = ("--queries", "queries.tsv", "--qrels", "qrels.txt")
    kept = json.loads(outrider("tune", opensearch.url, "cli-tuned", *files, "--json").stdout)
    assert kept["fusion"]["before"] == 1.0  # it cannot get better, but it can be had with fewer terms
    assert (kept["spec"]["fusion"], kept["spec"]["window"], kept["spec"]["rerank_window"]) == ("min_max", 100, 50)
    assert kept["written"] is (kept["spec"]["query_prune"] is not None)
    (tmp_path / "qrels.txt").write_text("".join(f"q{n} 0 bread 1\n" for n in range(6)))
    tried = json.loads(outrider("tune", opensearch.url, "cli-tuned", *files, "--dry-run", "--json").stdout)
    assert (tried["written"], tried["reranking"]["expected"] >= tried["reranking"]["before"]) == (False, True)
    tuned = json.loads(outrider("tune", opensearch.url, "cli-tuned", *files, "--json").stdout)
    meta = httpx.get(f"{opensearch.url}/cli-tuned/_mapping").json()["cli-tuned"]["mappings"]["_meta"]["outrider"]
    assert {name: meta[name] for name in tuned["spec"]} == tuned["spec"]
    assert {"pruning", "fusion", "window", "reranking"} < tuned.keys()
    assert "6 judged queries" in outrider("tune", opensearch.url, "cli-tuned", *files, "--dry-run").stdout


@pytest.mark.engine
def test_bad_documents_are_put_on_record_and_the_good_ones_stored(
    opensearch: Engine, outrider: Command, tmp_path: Path
) -> None:
    path = tmp_path / "mixed.jsonl"
    lines = [json.dumps({"_id": f"d{number}", "body": f"document number {number}"}) for number in range(200)]
    lines[50] = '{"_id": "broken", '
    lines[100] = json.dumps({"_id": "number", "body": 7})
    lines[150] = '{"_id": "half", "body": "half a pair \\ud83d"}'
    path.write_text("\n".join(lines))
    done = outrider("index", opensearch.url, "cli-mixed", str(path), "--text", "body", "--json", check=False)
    report = json.loads(done.stdout)
    assert done.returncode == 2
    assert (report["seen"], report["written"], report["failed"]) == (200, 197, 3)
    letters = [json.loads(line) for line in (tmp_path / "cli-mixed.failed.jsonl").read_text().splitlines()]
    assert len(letters) == 3
    assert httpx.get(f"{opensearch.url}/cli-mixed/_count").json()["count"] == 197


@pytest.mark.engine
def test_a_dry_run_prints_the_index_and_makes_none(opensearch: Engine, outrider: Command, documents: Path) -> None:
    shown = outrider("index", opensearch.url, "cli-dry", str(documents), "--text", "body", "--dry-run").stdout
    assert "PUT /cli-dry" in shown
    assert "rank_features" in shown
    assert httpx.head(f"{opensearch.url}/cli-dry").status_code == 404


@pytest.mark.engine
def test_doctor_tells_a_bare_cluster_from_one_with_plugins(
    opensearch: Engine, opensearch_ml: Engine, outrider: Command
) -> None:
    bare = json.loads(outrider("doctor", opensearch.url, "--json").stdout)
    assert (bare["way"], bare["version"]) == ("sidecar", "3.8.0")
    full = outrider("doctor", opensearch_ml.url, "--sidecar", "http://192.168.7.7:8080", "--json", check=False)
    report = json.loads(full.stdout)
    assert report["way"] == "native"
    in_the_way = [finding for finding in report["findings"] if finding["severity"] == "in the way"]
    assert in_the_way
    assert all(finding["remedy"].startswith("curl -XPUT") for finding in in_the_way)
    assert full.returncode == 2


@pytest.mark.engine
def test_the_quickstart_answers_once_on_a_cluster_of_ones_own(
    opensearch: Engine, outrider: Command, documents: Path
) -> None:
    done = outrider(
        "quickstart", "--engine", opensearch.url, "--docs", str(documents), "--query", "bird near a lake", "--json"
    )
    answers = json.loads(done.stdout)["answers"]
    assert set(answers) == {"bm25", "dense", "sparse", "fused", "reranked"}
    assert answers["reranked"]["results"][0]["id"] == "heron"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("search", "http://127.0.0.1:9", "docs", "question"), "is the cluster running there"),
        (("search", "localhost", "docs", "question"), "is no cluster address"),
        (("eval", "http://127.0.0.1:9", "docs", "--qrels", "q", "--plot", "front.doc"), "png, svg, pdf or html"),
        (("quickstart", "--docs", "none.jsonl"), "there is no file 'none.jsonl'"),
        (("quickstart", "--flavor", "huge"), "use plain or ml"),
        (("serve", "--model", "/no/such/model"), "there is no folder"),
        (("serve", "--port", "70000"), "setting port"),
    ],
)
def test_a_mistake_is_answered_with_one_sentence(outrider: Command, arguments: tuple[str, ...], sentence: str) -> None:
    done = outrider(*arguments, check=False)
    assert done.returncode == 1
    assert sentence in done.stderr


def test_help_imports_none_of_the_rooms_weight() -> None:
    code = """
import sys
from outrider.plugin import cli
heavy = ("numpy", "fastapi", "pydantic", "httpx", "opensearchpy", "onnxruntime", "torch", "rich.table")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_models_are_listed_with_what_int8_costs_them(outrider: Command) -> None:
    listed = json.loads(outrider("models", "--measure", "--json").stdout)
    losses = {model["kind"]: model["int8_loss"] for model in listed}
    assert losses["rerank"] is None, "its graph is int8 as it comes"
    for kind in ("dense", "sparse"):
        assert losses[kind]["measure"] == "cosine"
        assert 0.95 < losses[kind]["worst"] <= losses[kind]["mean"] < 1
    table = outrider("models").stdout
    assert f"{losses['dense']['worst']:.4f}" in table

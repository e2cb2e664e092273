"""The commands on a real Elasticsearch with a basic licence, one after the other."""

import json
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
]


@pytest.mark.engine
def test_every_command_works(elasticsearch: Engine, outrider: Command, tmp_path: Path) -> None:
    url, index = elasticsearch.url, "cli-theirs"

    diagnosis = json.loads(outrider("doctor", url, "--json").stdout)
    assert (diagnosis["distribution"], diagnosis["way"]) == ("elasticsearch", "sidecar")
    assert any("licence: basic" in finding["what"] for finding in diagnosis["findings"])
    choices = {each["what"]: each["chosen"] for each in json.loads(outrider("explain", url, "--json").stdout)}
    assert choices["dense"] == "dense_vector, float, int8_hnsw"
    assert choices["encoding"] == "sidecar"

    (tmp_path / "documents.jsonl").write_text("".join(json.dumps(document) + "\n" for document in DOCUMENTS))
    asked = ("index", url, index, "documents.jsonl", "--text", "title,body")
    assert f"PUT /{index}" in outrider(*asked, "--dry-run").stdout
    report = json.loads(outrider(*asked, "--json").stdout)
    assert (report["seen"], report["written"], report["failed"], report["blank"]) == (4, 4, 0, 1)
    answer = json.loads(outrider("search", url, index, "bird near a lake", "--json").stdout)
    assert answer["results"][0]["id"] == "heron"
    assert "dense_vector" in outrider("explain", url, index).stdout

    mappings = {"mappings": {"properties": {"title": {"type": "text"}, "body": {"type": "text"}}}}
    httpx.put(f"{url}/cli-before", json=mappings).raise_for_status()
    for document in DOCUMENTS[:3]:
        body = {name: value for name, value in document.items() if name != "_id"}
        httpx.put(f"{url}/cli-before/_doc/{document['_id']}", json=body).raise_for_status()
    done = json.loads(outrider("backfill", url, "cli-before", "--text", "title,body", "--json").stdout)
    assert (done["seen"], done["written"], done["failed"]) == (3, 3, 0)

    (tmp_path / "queries.tsv").write_text("q1\tbird near a lake\nq2\trailway at night\n")
    (tmp_path / "qrels.txt").write_text("q1 0 heron 1\nq2 0 train 1\n")
    files = ("--queries", "queries.tsv", "--qrels", "qrels.txt")
    measured = json.loads(outrider("eval", url, "cli-before", *files, "--json").stdout)
    assert measured["reranked"]["ndcg@10"] == 1.0
    tuned = json.loads(outrider("tune", url, "cli-before", *files, "--json").stdout)
    assert tuned["fusion"]["before"] == 1.0  # it cannot get better, but it can be had with fewer terms
    assert tuned["written"] is (tuned["spec"]["query_prune"] is not None)

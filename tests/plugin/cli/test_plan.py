"""`outrider spec`, `plan`, `apply` and `destroy`, as a user types them, on a real engine."""

import json
from pathlib import Path

import httpx
import pytest

from outrider.plugin.launcher import Engine

from ..conftest import Command

SPEC = """\
index: cli-planned
text_fields: [title, body]
chunks: {by: paragraph, title: title}
"""


def test_the_schema_is_printed_for_editors(outrider: Command) -> None:
    assert json.loads(outrider("spec", "schema").stdout)["properties"]["fusion"]["enum"]


def test_a_mistake_is_said_with_its_line(outrider: Command, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC + "fusoin: rrf\n")
    done = outrider("plan", "spec.yaml", "http://127.0.0.1:9", check=False)
    assert done.returncode == 1
    assert "spec.yaml:4: fusoin: this key is not known; did you mean 'fusion'?" in done.stderr


@pytest.mark.engine
def test_from_a_file_to_an_index_and_back(opensearch: Engine, outrider: Command, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)
    planned = ("plan", "spec.yaml", opensearch.url)
    done = outrider(*planned, "--detailed-exitcode", check=False)
    assert done.returncode == 2
    assert "index 'cli-planned' is made" in done.stdout
    assert "+ chunks.by: paragraph" in outrider("apply", "spec.yaml", opensearch.url).stdout
    assert "nothing would change" in outrider(*planned, "--detailed-exitcode").stdout
    long = "\n\n".join(f"Paragraph {n} speaks of {what}. " * 20 for n, what in enumerate(["bread", "trains", "herons"]))
    lines = [{"_id": "long", "title": "Notes", "body": long}, {"_id": "short", "title": "Cars", "body": "A red car."}]
    (tmp_path / "docs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    report = json.loads(outrider("index", opensearch.url, "cli-planned", "docs.jsonl", "--json").stdout)
    assert (report["written"], report["truncated"]) == (2, 0)
    found = json.loads(outrider("search", opensearch.url, "cli-planned", "a wading bird", "--json").stdout)
    assert found["results"][0]["id"] == "long"
    assert "herons" in found["results"][0]["excerpt"]["text"]
    (tmp_path / "again.yaml").write_text(outrider("spec", "show", opensearch.url, "cli-planned").stdout)
    assert "nothing would change" in outrider("plan", "again.yaml", opensearch.url).stdout
    refused = outrider("destroy", "spec.yaml", opensearch.url, answer="n\n", check=False)
    assert refused.returncode == 1
    assert "the vectors of 2 of its 2 documents" in refused.stderr
    outrider("destroy", "spec.yaml", opensearch.url, "--yes")
    hits = httpx.get(f"{opensearch.url}/cli-planned/_search").json()["hits"]["hits"]
    assert {hit["_id"]: sorted(hit["_source"]) for hit in hits} == {
        "long": ["body", "title"],
        "short": ["body", "title"],
    }
    assert "nothing of ours" in outrider("destroy", "spec.yaml", opensearch.url, "--yes").stdout
    httpx.delete(f"{opensearch.url}/cli-planned")

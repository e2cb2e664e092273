"""A sparse model for documents alone, from a spec file to a search: a query's weights are looked up, no model runs."""

import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from outrider.encoders import DEFAULT_SPARSE, SparseEncoder, open_model
from outrider.encoders.modules import MLMTransformer, Router, SparseStaticEmbedding, SpladePooling
from outrider.encoders.sources import resolve

from ..conftest import Command

TEXTS = (
    ("heron", "A heron stands still in shallow water to catch fish."),
    ("train", "The night train crosses the country, and the train has sleeping cars."),
    ("bread", "Flour, water and salt rise slowly with wild yeast."),
)
SPEC = "index: doc-only\ntext_fields: [body]\nmodels: {dense: false, sparse: doc-only, rerank: false}\n"


@pytest.fixture(scope="module")
def idf() -> dict[str, float]:
    """The inverse document frequency of each word, which are all tokens of the vocabulary."""
    found = Counter(word for _, text in TEXTS for word in set(re.findall(r"[a-z]+", text.lower())))
    return {word: math.log(1 + len(TEXTS) / count) for word, count in found.items()}


@pytest.fixture(scope="module")
def folder(idf: dict[str, float], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ready SPLADE model for documents, the table for queries."""
    path = tmp_path_factory.mktemp("doc-only")
    table = path / "idf.json"
    table.write_text(json.dumps(idf))
    body = MLMTransformer(str(resolve(DEFAULT_SPARSE)))
    queries = SparseStaticEmbedding.from_json(str(table), tokenizer=body.tokenizer, frozen=True)
    router = Router.for_query_document([queries], [body, SpladePooling("max")])
    SparseEncoder(modules=[router], device="cpu").save_pretrained(str(path / "model"))
    return path / "model"


def test_queries_are_answered_when_the_model_is_gone(folder: Path, idf: dict[str, float]) -> None:
    model = open_model(folder)
    model.close()
    (asked,) = model.encode_query(["the night Train"])
    assert asked.to_dict() == pytest.approx({word: idf[word] for word in ("the", "night", "train")})
    with pytest.raises(AttributeError):
        model.encode_document(["the night train"])


@pytest.mark.engine
@pytest.mark.parametrize("engine", ["opensearch", "elasticsearch"])
def test_documents_by_the_model_and_queries_by_the_table(
    request: pytest.FixtureRequest,
    engine: str,
    start_sidecar: Any,
    folder: Path,
    idf: dict[str, float],
    tmp_path: Path,
    outrider: Command,
) -> None:
    url = request.getfixturevalue(engine).url
    (tmp_path / "spec.yaml").write_text(SPEC)
    lines = [json.dumps({"_id": id, "body": body}) + "\n" for id, body in TEXTS]
    (tmp_path / "documents.jsonl").write_text("".join(lines))
    models = json.dumps([{"source": str(folder), "name": "doc-only"}])
    with start_sidecar(OUTRIDER_MODELS=models) as sidecar:
        encoding = ("--sidecar", sidecar.url)
        try:
            outrider("apply", "spec.yaml", url, *encoding)
            report = json.loads(outrider("index", url, "doc-only", "documents.jsonl", *encoding, "--json").stdout)
            assert (report["written"], report["failed"]) == (3, 0)
            asked = ("search", url, "doc-only", *encoding, "--json")
            answer = json.loads(outrider(*asked, "night water", "--mode", "sparse").stdout)
            stored = open_model(folder).encode_document([text for _, text in TEXTS])
            expected = {
                id: sum(vector.to_dict().get(word, 0) * idf[word] for word in ("night", "water"))
                for (id, _), vector in zip(TEXTS, stored, strict=True)
            }
            found = {result["id"]: result["score"] for result in answer["results"]}
            assert found == pytest.approx({id: score for id, score in expected.items() if score}, rel=5e-3)
            fused = json.loads(outrider(*asked, "sleeping cars", "--mode", "fused").stdout)
            assert fused["results"][0]["id"] == "train"
        finally:
            httpx.delete(f"{url}/doc-only")

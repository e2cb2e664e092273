"""Inference-free sparse models: documents through SPLADE, queries by a table; equal to the reference."""

from pathlib import Path

import numpy as np
import pytest
import sentence_transformers
import torch
from sentence_transformers.models import Router
from sentence_transformers.sparse_encoder.models import MLMTransformer, SparseStaticEmbedding, SpladePooling

from outrider.encoders import NotAModel, open_model
from outrider.encoders.inference.tokenizer import TokenizedText


@pytest.fixture(scope="module")
def folder(sparse_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    body = MLMTransformer(str(sparse_folder))
    torch.manual_seed(2)
    weights = torch.rand(len(body.tokenizer.get_vocab()))
    weights[::3] = 0
    table = SparseStaticEmbedding(tokenizer=body.tokenizer, weight=weights, frozen=True)
    router = Router.for_query_document([table], [body, SpladePooling("max")])
    path = tmp_path_factory.mktemp("looked-up")
    sentence_transformers.SparseEncoder(modules=[router], device="cpu").save_pretrained(str(path))
    return path


def test_both_sides_equal_the_oracle(folder: Path, texts: list[str]) -> None:
    model = open_model(folder)
    oracle = sentence_transformers.SparseEncoder(str(folder), device="cpu")
    for encode, expected in (
        (model.encode_query, oracle.encode_query(texts, convert_to_sparse_tensor=False)),
        (model.encode_document, oracle.encode_document(texts, convert_to_sparse_tensor=False)),
    ):
        found = np.zeros_like(expected.numpy())
        for row, vector in enumerate(encode(texts)):
            found[row, vector.ids] = vector.weights
        np.testing.assert_allclose(found, expected.numpy(), atol=1e-5, rtol=0)


def test_queries_and_documents_may_share_a_batch(folder: Path) -> None:
    model = open_model(folder)
    (query,), (document,) = model.tokenize(["a red car"], "query"), model.tokenize(["a red car"], "document")
    assert isinstance(query, TokenizedText)
    assert isinstance(document, TokenizedText)
    looked_up, computed = model.run([query, document])
    assert looked_up.to_dict() == model.encode_query(["a red car"])[0].to_dict()  # type: ignore[union-attr]
    assert computed.to_dict() == pytest.approx(model.encode_document(["a red car"])[0].to_dict(), abs=1e-6)  # type: ignore[union-attr]


def test_a_changed_table_is_another_model(folder: Path, tmp_path: Path) -> None:
    before = open_model(folder).fingerprint
    (config,) = folder.glob("query_*/config.json")
    kept = config.read_text()
    config.write_text('{"frozen": true, "path": "idf.json"}')
    (config.parent / "idf.json").write_text('{"car": 2.5}')
    try:
        changed = open_model(folder)
        assert changed.fingerprint != before
        assert changed.encode_query(["red car"])[0].to_dict() == {"car": 2.5}
    finally:
        config.write_text(kept)
        (config.parent / "idf.json").unlink()


def test_other_routes_are_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text((folder / "modules.json").read_text())
    (tmp_path / "router_config.json").write_text('{"types": {"a": "x.Dense"}, "structure": {"query": ["a"]}}')
    with pytest.raises(NotAModel, match="only torch runs it: open it as SparseEncoder"):
        open_model(tmp_path)

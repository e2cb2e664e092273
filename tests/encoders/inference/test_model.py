"""Served models give the numbers of Sentence Transformers, without torch."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sentence_transformers

from outrider.encoders import EncodedText, EncoderError, Model, TextRefused, open_model
from outrider.encoders.inference import graph_cache, graphs
from outrider.encoders.inference import model as model_module
from outrider.encoders.inference.tokenizer import RefusedText, TokenizedText

TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def dense(dense_folder: Path) -> Model:
    return open_model(dense_folder)


@pytest.fixture(scope="module")
def sparse(sparse_folder: Path) -> Model:
    return open_model(sparse_folder)


@pytest.fixture(scope="module")
def reranker(reranker_folder: Path) -> Model:
    return open_model(reranker_folder)


def test_dense_vectors_equal_the_oracle(dense: Model, dense_folder: Path, texts: list[str]) -> None:
    oracle = sentence_transformers.SentenceTransformer(str(dense_folder), device="cpu")
    np.testing.assert_allclose(dense.encode_document(texts), oracle.encode_document(texts), atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(dense.encode_query(texts), oracle.encode_query(texts), atol=TOLERANCE, rtol=0)


def test_term_weights_equal_the_oracle(sparse: Model, sparse_folder: Path, texts: list[str]) -> None:
    oracle = sentence_transformers.SparseEncoder(str(sparse_folder), device="cpu")
    expected = oracle.encode_document(texts, convert_to_sparse_tensor=False).numpy()
    found = np.zeros_like(expected)
    for row, vector in enumerate(sparse.encode_document(texts)):
        found[row, vector.ids] = vector.weights
    np.testing.assert_allclose(found, expected, atol=TOLERANCE, rtol=0)
    assert sparse.encode_query(["car"])[0].to_dict() == pytest.approx(
        dict(oracle.decode(oracle.encode_query("car"))), abs=TOLERANCE
    )


def test_the_reranker_puts_the_answer_first(reranker: Model) -> None:
    scores = reranker.rank(
        "how do birds fly",
        ["Trains run on rails.", "Birds fly by flapping their wings, which lift them.", "A recipe for bread."],
    )
    assert int(np.argmax(scores)) == 1
    assert scores.dtype == np.float32
    assert np.all((scores >= 0) & (scores <= 1))


def test_a_batch_gives_what_each_text_gives_alone(dense: Model, texts: list[str]) -> None:
    together = dense.encode_document(texts)
    alone = np.concatenate([dense.encode_document([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=TOLERANCE, rtol=0)


def test_no_texts_give_no_rows(dense: Model, sparse: Model, reranker: Model) -> None:
    assert dense.encode_document([]).shape == (0, 384)
    assert sparse.encode_document([]) == []
    assert reranker.rank("query", []).shape == (0,)


def test_a_text_that_is_no_unicode_is_refused_alone(dense: Model) -> None:
    good, bad, wrong = dense.tokenize(["good", "bad \ud800", 7])  # type: ignore[list-item]
    assert isinstance(good, TokenizedText)
    assert isinstance(bad, RefusedText)
    assert isinstance(wrong, RefusedText)
    assert "lone surrogate '\\ud800' at character 4" in bad.reason
    assert "expected a text, got int" in wrong.reason
    with pytest.raises(TextRefused, match="text 1: the text is not valid Unicode"):
        dense.encode_document(["good", "bad \ud800"])


def test_a_long_text_is_cut_and_says_so(dense: Model) -> None:
    short, long = dense.tokenize(["short", "word " * 1000])
    assert isinstance(short, TokenizedText)
    assert isinstance(long, TokenizedText)
    assert (short.truncated, long.truncated, long.length) == (False, True, 256)


def test_each_kind_says_what_it_cannot_do(dense: Model, reranker: Model) -> None:
    with pytest.raises(EncoderError, match="is a dense model and cannot rank"):
        dense.rank("query", ["document"])
    with pytest.raises(EncoderError, match="is a cross-encoder and has no vectors"):
        reranker.encode_query(["query"])


def test_a_built_graph_is_kept_and_used_again(dense_folder: Path, tmp_path: Path) -> None:
    first = open_model(dense_folder, cache_folder=tmp_path)
    (graph,) = (tmp_path / "graphs").iterdir()
    written = graph.stat().st_mtime_ns
    second = open_model(dense_folder, cache_folder=tmp_path)
    assert graph.stat().st_mtime_ns == written
    assert first.fingerprint == second.fingerprint
    assert graph_cache.GRAPH_VERSION == graphs.BUILDER_VERSION


def test_int8_is_close_and_says_what_it_is(dense: Model, sparse: Model, texts: list[str]) -> None:
    opened = {model: open_model(model.name, precision="int8") for model in (dense, sparse)}
    assert all(
        model.executor.startswith("ONNX Runtime, int8 on CPU; cosine to exact: mean 0.9") for model in opened.values()
    )
    cosines = (dense.encode_document(texts) * opened[dense].encode_document(texts)).sum(axis=1)
    assert 0.98 < cosines.min() < 1 - TOLERANCE
    for ours, theirs in zip(opened[sparse].encode_document(texts), sparse.encode_document(texts), strict=True):
        weights, exact = ours.to_dict(), theirs.to_dict()
        shared = sum(weights[token] * exact.get(token, 0.0) for token in weights)
        lengths = [float(np.linalg.norm(list(each.values()))) for each in (weights, exact)]
        assert shared >= 0.95 * lengths[0] * lengths[1]


def test_a_precision_that_does_not_exist_is_named(dense_folder: Path) -> None:
    with pytest.raises(ValueError, match="use exact, fast, int8"):
        open_model(dense_folder, precision="half")


def test_a_cache_that_cannot_be_written_is_one_sentence(dense_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "graphs").write_text("a file where a folder is needed")
    with pytest.raises(EncoderError, match="could not write the graph"):
        open_model(dense_folder, cache_folder=tmp_path)


def test_serving_imports_no_torch(dense_folder: Path, sparse_folder: Path, reranker_folder: Path) -> None:
    code = f"""
import sys
from outrider.encoders import open_model
open_model({str(dense_folder)!r}).encode_query(["q"])
open_model({str(sparse_folder)!r}).encode_document(["d"])
open_model({str(reranker_folder)!r}).rank("q", ["d"])
print([name for name in ("torch", "transformers") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_each_text_has_its_row_or_its_reason_and_is_tokenised_once(
    dense_folder: Path, sparse: Model, reranker: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    dense = open_model(dense_folder)
    seen: list[Any] = []
    tokenize = Model.tokenize

    def noted(self: Model, texts: Sequence[Any], task: str | None = None) -> Any:
        seen.extend(texts)
        return tokenize(self, texts, task)

    monkeypatch.setattr(Model, "tokenize", noted)
    texts = ["a heron", "lone \ud800 surrogate", "x " * 2000]
    first, second, third = dense.encode_each(texts, "document")
    assert seen == texts
    assert dense.encode_each([]) == []
    assert isinstance(second, RefusedText)
    assert isinstance(first, EncodedText)
    assert isinstance(third, EncodedText)
    assert (first.truncated, third.truncated, dense.truncated_texts) == (False, True, 1)
    np.testing.assert_allclose(np.stack([first.row, third.row]), dense.encode_document([texts[0], texts[2]]), atol=1e-6)
    (terms,) = sparse.encode_each(["a heron"], "query")
    assert isinstance(terms, EncodedText)
    assert terms.row.to_dict() == sparse.encode_query(["a heron"])[0].to_dict()
    (score,) = reranker.encode_each([("a bird", "a heron")])
    assert isinstance(score, EncodedText)
    assert score.row == pytest.approx(float(reranker.rank("a bird", ["a heron"])[0]), abs=1e-6)


def test_many_texts_keep_their_order_their_counts_and_their_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    model = open_model("all-MiniLM-L6-v2", max_tokens=16)
    texts = [f"text {number} " + "word " * (number % 30) for number in range(50)]
    expected = model.encode_document(texts)
    cut = model.truncated_texts
    assert cut == sum(text.truncated for text in model.tokenize(texts))  # type: ignore[union-attr]
    monkeypatch.setattr(model_module, "_SLICE", 7)
    assert abs(model.encode_document(texts) - expected).max() < 2e-6
    assert model.truncated_texts == 2 * cut
    with pytest.raises(TextRefused, match="text 40: the text is not valid Unicode"):
        model.encode_document([*texts[:40], "bad \ud800", *texts[:9]])

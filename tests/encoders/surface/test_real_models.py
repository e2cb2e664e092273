"""The three ready models: numbers of the reference, and sensible answers."""

from pathlib import Path

import numpy as np
import pytest
import sentence_transformers as reference
import torch

from outrider.encoders import CrossEncoder, SentenceTransformer, SparseEncoder, WrongBackend, resolve

from .conftest import TEXTS
from .oracle import assert_same

QUESTION = "How many people live in Berlin?"
PASSAGES = [
    "New York City is famous for the Metropolitan Museum of Art.",
    "Berlin has a population of 3,520,031 registered inhabitants in an area of 891.82 square kilometers.",
    "Berlin is well known for its museums.",
]
LONG = " ".join(["search engines rank documents"] * 200)


@pytest.fixture(scope="module")
def folders() -> dict[str, Path]:
    return {name: resolve(name) for name in ("all-MiniLM-L6-v2", "splade-tiny", "ms-marco-MiniLM-L-12-v2-int8")}


def test_the_dense_model_equals_the_reference(folders: dict[str, Path]) -> None:
    folder = str(folders["all-MiniLM-L6-v2"])
    ours, theirs = SentenceTransformer(folder, device="cpu"), reference.SentenceTransformer(folder, device="cpu")
    texts = [*TEXTS, *PASSAGES, LONG]
    assert_same(ours.encode(texts), theirs.encode(texts))
    assert_same(SentenceTransformer(folder, backend="onnx").encode(texts), theirs.encode(texts))
    assert_same(SentenceTransformer(folder, backend="openvino").encode(texts), theirs.encode(texts))
    assert int(ours.similarity(ours.encode(QUESTION), ours.encode(PASSAGES)).argmax()) == 1


@pytest.mark.filterwarnings("ignore:Sparse (CSR|invariant):UserWarning")
def test_the_sparse_model_equals_the_reference(folders: dict[str, Path]) -> None:
    folder = str(folders["splade-tiny"])
    ours, theirs = SparseEncoder(folder, device="cpu"), reference.SparseEncoder(folder, device="cpu")
    texts = [*TEXTS, *PASSAGES, LONG]
    assert_same(ours.encode(texts), theirs.encode(texts))
    assert "cars" in [token for token, _ in ours.decode(ours.encode("car"), top_k=5)]


def test_the_reranker_runs_from_its_graph_and_says_so_where_torch_is_asked(folders: dict[str, Path]) -> None:
    folder = str(folders["ms-marco-MiniLM-L-12-v2-int8"])
    with pytest.raises(WrongBackend, match=r"ONNX weights only.*backend='onnx'"):
        CrossEncoder(folder)
    model = CrossEncoder(folder, backend="onnx", activation_fn=torch.nn.Identity())
    ranked = model.rank(QUESTION, PASSAGES)
    assert ranked[0]["corpus_id"] == 1
    alone = np.array([model.predict((QUESTION, passage)) for passage in PASSAGES])
    np.testing.assert_allclose(model.predict([(QUESTION, passage) for passage in PASSAGES]), alone, atol=0.3)

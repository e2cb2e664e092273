"""Static embeddings without torch, equal to the reference."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sentence_transformers
import tokenizers
from safetensors.numpy import save_file
from sentence_transformers.models import Normalize, StaticEmbedding

from outrider.encoders import Model, NotAModel, open_model


@pytest.fixture(scope="module", params=["as they are", "normalised"])
def folder(request: pytest.FixtureRequest, dense_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokenizer = tokenizers.Tokenizer.from_file(str(dense_folder / "tokenizer.json"))
    if request.param == "normalised":  # the other one keeps the limit that its tokenizer came with
        tokenizer.no_truncation()
    weights = np.random.default_rng(4).normal(size=(tokenizer.get_vocab_size(), 24)).astype(np.float32)
    modules = [
        StaticEmbedding(tokenizer, embedding_weights=weights),
        *([Normalize()] if request.param[0] == "n" else []),
    ]
    path = tmp_path_factory.mktemp("static")
    model = sentence_transformers.SentenceTransformer(
        modules=modules, prompts={"query": "find ", "document": ""}, device="cpu"
    )
    model.save_pretrained(str(path))
    return path


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return open_model(folder)


def test_vectors_equal_the_oracle(model: Model, folder: Path, texts: list[str]) -> None:
    oracle = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    np.testing.assert_allclose(model.encode_document(texts), oracle.encode_document(texts), atol=1e-5)
    np.testing.assert_allclose(model.encode_query(texts), oracle.encode_query(texts), atol=1e-5)
    assert model.executor.startswith("static embeddings")


def test_nothing_but_empty_texts(model: Model) -> None:
    np.testing.assert_array_equal(model.encode_document(["", ""]), np.zeros((2, 24)))


def test_a_long_text_is_cut_only_where_the_tokenizer_has_a_limit(model: Model, folder: Path) -> None:
    limit = (json.loads((folder / "tokenizer.json").read_text())["truncation"] or {}).get("max_length")
    (long,) = model.tokenize(["bird " * 5000])
    assert (long.length, long.truncated) == (limit or 5000, bool(limit))  # type: ignore[union-attr]


def test_model2vec_leaves_out_what_it_does_not_know_and_weighs_what_it_does(dense_folder: Path, tmp_path: Path) -> None:
    tokenizer = tokenizers.Tokenizer.from_file(str(dense_folder / "tokenizer.json"))
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    count = tokenizer.get_vocab_size()
    table = np.arange(20, dtype=np.float32).reshape(10, 2)
    mapping, weights = np.zeros(count, dtype=np.int64), np.ones(count, dtype=np.float32)
    bird, train = tokenizer.token_to_id("bird"), tokenizer.token_to_id("train")
    mapping[bird], mapping[train], weights[train] = 3, 4, 0.5
    save_file({"embeddings": table, "mapping": mapping, "weights": weights}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "model2vec", "normalize": False}))
    (vector,) = open_model(tmp_path).encode_document(["bird train \u2603"])
    np.testing.assert_allclose(vector, (table[3] + 0.5 * table[4]) / 2)


def test_other_modules_behind_it_are_named(folder: Path, tmp_path: Path) -> None:
    modules = json.loads((folder / "modules.json").read_text())
    modules.append({"idx": 9, "name": "9", "path": "9", "type": "sentence_transformers.models.Dense"})
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(NotAModel, match="only torch runs it: open it as SentenceTransformer"):
        open_model(tmp_path)


def test_it_needs_no_runtime(folder: Path) -> None:
    code = f"""
import sys
from outrider.encoders import open_model
open_model({str(folder)!r}).encode_query(["q"])
print([name for name in ("torch", "transformers", "onnxruntime") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Each kind of folder that the surface opens is served as what it is, or refused in one sentence."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from outrider.encoders import CrossEncoder, NotAModel, SentenceTransformer, SparseEncoder, open_model
from outrider.encoders.inference.describe import describe
from outrider.encoders.models import CNN, Dense, Normalize, Pooling, Transformer
from outrider.encoders.modules.mlm_transformer import MLMTransformer
from outrider.encoders.sparse_encoder.models import SpladePooling

from .conftest import PAIRS, TEXTS

BODY = "sentence_transformers.base.modules.transformer.Transformer"
PROMPTS: dict[str, Any] = {"prompts": {"web": "weather ", "query": "ask "}, "default_prompt_name": "web"}
TOLERANCE = 1e-5


def _write(folder: Path, **files: Any) -> None:
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))


def _modules(*types: str) -> list[dict[str, Any]]:
    return [{"idx": place, "name": str(place), "path": "", "type": name} for place, name in enumerate(types)]


@pytest.fixture
def plain(reranker_folder: str, tmp_path: Path) -> Path:
    """A copy of a cross-encoder as v5 saves it."""
    return Path(shutil.copytree(reranker_folder, tmp_path / "plain"))


@pytest.fixture
def prompted(reranker_folder: str, tmp_path: Path) -> Path:
    """A cross-encoder with prompts, saved in the form of 6.x."""
    CrossEncoder(reranker_folder, device="cpu", **PROMPTS).save_pretrained(str(tmp_path / "prompted"))
    return tmp_path / "prompted"


def scores(folder: Path, **options: Any) -> Any:
    model = open_model(folder, **options)
    tokenized: Any = model.tokenize(PAIRS, "query")
    return model.run(tokenized)


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_a_reranker_saved_with_prompts_is_one_and_puts_its_default_before_queries(
    prompted: Path, plain: Path, backend: str
) -> None:
    model, surface = open_model(prompted, backend=backend), CrossEncoder(str(prompted), device="cpu")
    assert (model.kind, model.activation, model.num_labels) == ("rerank", "Sigmoid", 1)
    np.testing.assert_allclose(scores(prompted, backend=backend), surface.predict(PAIRS), atol=TOLERANCE)
    ranked = {row["corpus_id"]: row["score"] for row in surface.rank("a car", TEXTS)}
    np.testing.assert_allclose(model.rank("a car", TEXTS), [ranked[i] for i in range(len(TEXTS))], atol=TOLERANCE)
    assert np.abs(np.subtract(scores(prompted), scores(plain))).max() > 1e-3
    assert model.fingerprint != open_model(plain).fingerprint


def test_the_sidecar_puts_it_there_as_well(prompted: Path, start_sidecar: Any) -> None:
    import httpx

    wanted = {row["corpus_id"]: row["score"] for row in CrossEncoder(str(prompted), device="cpu").rank("a car", TEXTS)}
    with start_sidecar(OUTRIDER_MODELS=json.dumps([str(prompted)])) as running:
        reply = httpx.post(f"{running.url}/rerank", json={"query": "a car", "documents": TEXTS}, timeout=60).json()
    found = {row["index"]: row["relevance_score"] for row in reply["results"]}
    assert found == pytest.approx(wanted, abs=TOLERANCE)


@pytest.mark.parametrize("stated", [{"model_type": "CrossEncoder"}, {}])
def test_a_plain_reranker_of_version_6_is_one(plain: Path, stated: dict[str, str]) -> None:
    before, wanted = open_model(plain), scores(plain)
    settings = {**stated, "activation_fn": "torch.nn.modules.linear.Identity"}
    body = {"transformer_task": "sequence-classification"}
    _write(plain, modules=_modules(BODY), sentence_bert_config=body, config_sentence_transformers=settings)
    model = open_model(plain)
    assert (model.kind, model.activation) == ("rerank", "Identity")
    np.testing.assert_allclose(1 / (1 + np.exp(-np.asarray(scores(plain)))), wanted, atol=TOLERANCE)
    assert model.fingerprint != before.fingerprint


@pytest.mark.parametrize("stated", [{"model_type": "SparseEncoder"}, {}])
def test_a_sparse_folder_of_version_6_is_one(splade_folder: str, tmp_path: Path, stated: dict[str, str]) -> None:
    surface = SparseEncoder(splade_folder, device="cpu")
    surface.save_pretrained(str(tmp_path))
    entries = json.loads((tmp_path / "modules.json").read_text())
    entries[0]["type"] = BODY
    body = {"transformer_task": "fill-mask"}
    _write(tmp_path, modules=entries, sentence_bert_config=body, config_sentence_transformers=stated)
    model = open_model(tmp_path)
    assert model.kind == "sparse"
    wanted = surface.decode(surface.encode(TEXTS))
    for row, terms in zip(model.encode_document(TEXTS), wanted, strict=True):
        assert row.to_dict() == pytest.approx(dict(terms), abs=1e-4)


def _with_cnn(backbone: str) -> SentenceTransformer:
    return SentenceTransformer(
        modules=[Transformer(backbone), CNN(32, 16, [1, 3]), Pooling(32), Normalize()], device="cpu"
    )


def _with_dense_last(backbone: str) -> SentenceTransformer:
    return SentenceTransformer(modules=[Transformer(backbone), Pooling(32), Normalize(), Dense(32, 8)], device="cpu")


def _with_residual(backbone: str) -> SentenceTransformer:
    return SentenceTransformer(
        modules=[Transformer(backbone), Pooling(32), Dense(32, 32, use_residual=True), Normalize()], device="cpu"
    )


@pytest.mark.parametrize("build", [_with_cnn, _with_dense_last, _with_residual])
def test_modules_without_a_graph_run_on_torch(
    build: Callable[[str], SentenceTransformer], backbones: dict[str, str], tmp_path: Path
) -> None:
    torch.manual_seed(5)
    one, other = build(backbones["bert"]), build(backbones["bert"])
    one.save_pretrained(str(tmp_path / "one"))
    other.save_pretrained(str(tmp_path / "other"))
    model = open_model(tmp_path / "one")
    assert "torch, fp32 on CPU: no graph is built for the module" in model.executor
    np.testing.assert_allclose(model.encode_document(TEXTS), one.encode(TEXTS), atol=TOLERANCE)
    np.testing.assert_allclose(
        model.encode_document(TEXTS), open_model(tmp_path / "one", backend="torch").encode_document(TEXTS)
    )
    assert model.fingerprint != open_model(tmp_path / "other").fingerprint
    for wish in ({"backend": "onnx"}, {"precision": "int8"}):
        with pytest.raises(NotAModel, match=r"has the module \w+, which runs with torch only"):
            open_model(tmp_path / "one", **wish)
    with pytest.raises(NotAModel, match=r"cannot chunk late: it has the module \w+;"):
        model.check_late_chunks()


def test_a_reranker_of_modules_runs_on_torch(backbones: dict[str, str], tmp_path: Path) -> None:
    head = Dense(32, 2, activation_function=torch.nn.Identity(), module_output_name="scores")
    surface = CrossEncoder(modules=[Transformer(backbones["bert"]), Pooling(32), head], device="cpu")
    surface.save_pretrained(str(tmp_path))
    model = open_model(tmp_path)
    assert (model.kind, model.num_labels, model.activation) == ("rerank", 2, "Identity")
    np.testing.assert_allclose(scores(tmp_path), surface.predict(PAIRS), atol=TOLERANCE)


def test_a_sum_over_tokens_runs_on_torch(splade_folder: str, tmp_path: Path) -> None:
    surface = SparseEncoder(
        modules=[MLMTransformer(splade_folder), SpladePooling(pooling_strategy="sum")], device="cpu"
    )
    surface.save_pretrained(str(tmp_path))
    model = open_model(tmp_path)
    assert model.executor.endswith("no graph is built for the module SpladePooling")
    for row, terms in zip(model.encode_document(TEXTS), surface.decode(surface.encode(TEXTS)), strict=True):
        assert row.to_dict() == pytest.approx(dict(terms), abs=1e-4)


def test_what_is_not_served_is_named(plain: Path) -> None:
    score = "sentence_transformers.cross_encoder.modules.logit_score.LogitScore"
    refused: list[tuple[dict[str, Any], str]] = [
        ({"modules": _modules("here.Own")}, "brings its own code for the module 'here.Own'"),
        ({"modules": _modules(BODY, score)}, "language model's logits; open it as CrossEncoder"),
        (
            {"modules": _modules(BODY), "config_sentence_transformers": {"model_type": "MultiVectorEncoder"}},
            "is a MultiVectorEncoder, which is not known here",
        ),
        (
            {"modules": _modules(BODY), "config_sentence_transformers": {"default_prompt_name": "nosuch"}},
            "default prompt of .* is not among its prompts: .*'nosuch'",
        ),
    ]
    for files, why in refused:
        _write(plain, **files)
        with pytest.raises(NotAModel, match=why):
            describe(plain)

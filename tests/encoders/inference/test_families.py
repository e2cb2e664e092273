"""Graphs and packed forwards give the numbers of transformers, for each family and each head."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from transformers import AutoModel, AutoModelForMaskedLM, AutoModelForSequenceClassification

from outrider.encoders.inference.describe import describe
from outrider.encoders.inference.executor import TokenBatch
from outrider.encoders.inference.graphs import build_graph
from outrider.encoders.inference.onnx_executor import OnnxExecutor
from outrider.encoders.inference.packed_executor import PackedExecutor

TOLERANCE = 1e-5
VOCABULARY = 120
SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 160,
    "initializer_range": 0.3,
    "pad_token_id": 1,
}
SPECIAL = {"bos_token_id": 0, "eos_token_id": 2, "cls_token_id": 0, "sep_token_id": 2}
CONFIGS: dict[str, Any] = {
    "bert": lambda: transformers.BertConfig(**SIZES),
    "roberta": lambda: transformers.RobertaConfig(type_vocab_size=1, **SIZES),
    "xlm-roberta": lambda: transformers.XLMRobertaConfig(type_vocab_size=1, **SIZES),
    "distilbert": lambda: transformers.DistilBertConfig(
        vocab_size=VOCABULARY, dim=32, n_layers=3, n_heads=4, hidden_dim=48, initializer_range=0.3
    ),
    "mpnet": lambda: transformers.MPNetConfig(**SIZES),
    "modernbert": lambda: transformers.ModernBertConfig(
        local_attention=8, initializer_cutoff_factor=1.0, **SPECIAL, **SIZES
    ),
}
FAMILIES = list(CONFIGS)
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.fixture(scope="module")
def batch() -> TokenBatch:
    """Texts of 1 to 150 tokens; one has the padding token among its words."""
    random = np.random.default_rng(3)
    lengths = [150, 40, 7, 1]
    ids = random.integers(3, VOCABULARY, size=(4, 150))
    ids[1, 5] = 1
    mask = (np.arange(150) < np.array(lengths)[:, None]).astype(np.int64)
    return TokenBatch(np.where(mask, ids, 1), mask, np.zeros_like(ids))


def saved(kind: Any, family: str, folder: Path, **options: Any) -> Any:
    torch.manual_seed(11)
    config = CONFIGS[family]()
    for key, value in options.items():
        setattr(config, key, value)
    model = kind.from_config(config).eval()
    for name, parameter in model.named_parameters():  # biases and norms begin as 0 and 1, which hides mistakes
        if name.endswith("bias") or "norm" in name.lower():
            torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder)
    return model


def run(folder: Path, batch: TokenBatch, precision: str = "exact") -> Any:
    graph = folder / f"{precision}.graph"
    graph.write_bytes(build_graph(describe(folder), precision).SerializeToString())
    return OnnxExecutor(graph, "test").run(batch)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_tokens_before_the_head(family: str, batch: TokenBatch, tmp_path: Path) -> None:
    model = saved(AutoModel, family, tmp_path)
    graph = tmp_path / "tokens.graph"
    graph.write_bytes(build_graph(describe(tmp_path), tokens=True).SerializeToString())
    with torch.inference_mode():
        ids, mask = torch.from_numpy(batch.input_ids), torch.from_numpy(batch.attention_mask)
        expected = model(input_ids=ids, attention_mask=mask).last_hidden_state.numpy()
    present = batch.attention_mask == 1
    executor = PackedExecutor(describe(tmp_path), "test", half=None, device="cpu")
    for found in (OnnxExecutor(graph, "test").run(batch), executor.hidden_states(batch)):
        np.testing.assert_allclose(found[present], expected[present], rtol=0, atol=TOLERANCE * 10)


def packed(folder: Path, batch: TokenBatch, device: str, half: str | None = None) -> Any:
    return PackedExecutor(describe(folder), "test", half=half, device=device).run(batch)


def cosines(one: Any, other: Any) -> Any:
    return (one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)


def forward(model: Any, batch: TokenBatch) -> Any:
    given = {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask}
    with torch.no_grad():
        return model(**{name: torch.from_numpy(array) for name, array in given.items()})


@pytest.mark.parametrize("family", FAMILIES)
def test_dense_vectors(family: str, batch: TokenBatch, tmp_path: Path) -> None:
    model = saved(AutoModel, family, tmp_path)
    mask = batch.attention_mask[:, :, None]
    hidden = forward(model, batch).last_hidden_state.numpy()
    expected = (hidden * mask).sum(axis=1) / mask.sum(axis=1)
    np.testing.assert_allclose(run(tmp_path, batch), expected, atol=TOLERANCE, rtol=TOLERANCE)
    in_int8 = run(tmp_path, batch, "int8")
    assert cosines(in_int8, expected).min() > 0.95
    for device in DEVICES:
        np.testing.assert_allclose(packed(tmp_path, batch, device), expected, atol=TOLERANCE, rtol=TOLERANCE)
        assert cosines(packed(tmp_path, batch, device, "bfloat16"), expected).min() > 0.99


@pytest.mark.parametrize("family", FAMILIES)
def test_term_weights(family: str, batch: TokenBatch, tmp_path: Path) -> None:
    model = saved(AutoModelForMaskedLM, family, tmp_path)
    logits = forward(model, batch).logits.numpy()
    masked = np.where(batch.attention_mask[:, :, None] == 1, logits, -np.inf)
    expected = np.log1p(np.maximum(masked.max(axis=1), 0))
    np.testing.assert_allclose(run(tmp_path, batch), expected, atol=TOLERANCE, rtol=TOLERANCE)
    for device in DEVICES:
        np.testing.assert_allclose(packed(tmp_path, batch, device), expected, atol=TOLERANCE, rtol=TOLERANCE)


@pytest.mark.parametrize("family", FAMILIES)
def test_class_logits(family: str, batch: TokenBatch, tmp_path: Path) -> None:
    model = saved(AutoModelForSequenceClassification, family, tmp_path, num_labels=2)
    expected = forward(model, batch).logits.numpy()
    np.testing.assert_allclose(run(tmp_path, batch), expected, atol=TOLERANCE, rtol=TOLERANCE)
    for device in DEVICES:
        np.testing.assert_allclose(packed(tmp_path, batch, device), expected, atol=TOLERANCE, rtol=TOLERANCE)


def test_modernbert_may_classify_by_the_mean(batch: TokenBatch, tmp_path: Path) -> None:
    model = saved(AutoModelForSequenceClassification, "modernbert", tmp_path, num_labels=2, classifier_pooling="mean")
    expected = forward(model, batch).logits.numpy()
    np.testing.assert_allclose(run(tmp_path, batch), expected, atol=TOLERANCE, rtol=TOLERANCE)
    for device in DEVICES:
        np.testing.assert_allclose(packed(tmp_path, batch, device), expected, atol=TOLERANCE, rtol=TOLERANCE)

"""The three ends run over packed tokens where they can, and give the same numbers as without."""

from typing import Any

import pytest
import torch

from outrider.encoders import CrossEncoder, SentenceTransformer, SparseEncoder, loop, packing

from .conftest import FAMILIES, PAIRS, TEXTS
from .oracle import assert_same

PACKED = [family for family in FAMILIES if family not in {"t5", "decoder"}]
LONG = "search engines rank documents " * 30


@pytest.fixture
def packed_batches(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each batch was packed."""
    seen: list[bool] = []
    original = packing.packed_batch

    def noted(*arguments: Any) -> Any:
        batch = original(*arguments)
        seen.append(batch is not None)
        return batch

    monkeypatch.setattr(packing, "packed_batch", noted)
    return seen


def unpacked(model: Any) -> Any:
    model[0].packs_tokens = False
    return model


@pytest.mark.parametrize("family", PACKED)
def test_dense_models_of_each_family(backbones: dict[str, str], packed_batches: list[bool], family: str) -> None:
    model = SentenceTransformer(backbones[family], device="cpu")
    ours = model.encode([*TEXTS, LONG])
    assert packed_batches
    assert all(packed_batches)
    assert_same(ours, unpacked(model).encode([*TEXTS, LONG]))


def test_sparse_models(splade_folder: str, packed_batches: list[bool]) -> None:
    model = SparseEncoder(splade_folder, device="cpu")
    ours = model.encode(TEXTS, convert_to_sparse_tensor=False)
    assert all(packed_batches)
    assert model.get_sentence_embedding_dimension() == ours.shape[1]
    assert_same(ours, unpacked(model).encode(TEXTS, convert_to_sparse_tensor=False))


def test_rerankers(two_label_folder: str, packed_batches: list[bool]) -> None:
    model = CrossEncoder(two_label_folder, device="cpu")
    ours = model.predict(PAIRS)
    assert all(packed_batches)
    assert_same(ours, unpacked(model).predict(PAIRS))


@pytest.mark.parametrize("family", ["t5", "decoder"])
def test_other_families_run_as_they_are(backbones: dict[str, str], packed_batches: list[bool], family: str) -> None:
    SentenceTransformer(backbones[family], device="cpu").encode(TEXTS)
    assert packed_batches
    assert not any(packed_batches)


def test_a_hook_sees_every_layer(backbones: dict[str, str]) -> None:
    model = SentenceTransformer(backbones["bert"], device="cpu")
    seen: list[int] = []
    model.transformers_model.encoder.layer[1].register_forward_hook(lambda *_: seen.append(1))
    model.encode(TEXTS)
    assert seen


def test_in_training_nothing_is_packed(backbones: dict[str, str], packed_batches: list[bool]) -> None:
    model = SentenceTransformer(backbones["bert"], device="cpu").train()
    model(model.tokenize(TEXTS))["sentence_embedding"].sum().backward()
    assert packed_batches == [False]
    assert model.transformers_model.encoder.layer[0].attention.self.query.weight.grad is not None


def test_changed_weights_count_at_once(backbones: dict[str, str]) -> None:
    model = SentenceTransformer(backbones["bert"], device="cpu")
    before = model.encode(TEXTS)
    with torch.no_grad():
        model.transformers_model.encoder.layer[0].attention.self.query.weight.mul_(3)
    after = model.encode(TEXTS)
    assert abs(after - before).max() > 1e-3
    assert_same(after, unpacked(model).encode(TEXTS))


def test_texts_that_are_cut_are_counted(dense_folder: str, splade_folder: str, reranker_folder: str) -> None:
    dense = SentenceTransformer(dense_folder, device="cpu")
    dense.encode([*TEXTS, LONG, LONG])
    assert dense.truncated_texts == 2
    dense.encode_query(LONG)
    assert dense.truncated_texts == 3
    sparse = SparseEncoder(splade_folder, device="cpu")
    sparse.encode_document([LONG, "short"])
    assert sparse.truncated_texts == 1
    reranker = CrossEncoder(reranker_folder, device="cpu")
    reranker.rank("a", [LONG, "short", LONG])
    assert reranker.truncated_texts == 2


def test_many_texts_are_tokenised_part_by_part(backbones: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    model = SentenceTransformer(backbones["bert"], device="cpu")
    texts = [f"{text} {number}" for number in range(5) for text in TEXTS]
    expected = model.encode(texts, show_progress_bar=True)
    monkeypatch.setattr(loop, "_LEAST_PART", 3)
    monkeypatch.setattr(loop, "_BATCHES_OF_PART", 1)
    assert_same(model.encode(texts, batch_size=4, show_progress_bar=True), expected)
    with pytest.raises(TypeError, match="a text to encode must be str"):
        model.encode([*texts, None], batch_size=4)

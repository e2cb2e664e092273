"""Sparse embeddings equal those of the reference, call by call."""

from typing import Any

import pytest
import sentence_transformers as reference
import torch

from outrider.encoders import SparseEncoder

from .conftest import TEXTS
from .oracle import assert_same

pytestmark = pytest.mark.filterwarnings("ignore:Sparse (CSR|invariant):UserWarning")


@pytest.fixture(scope="module")
def both(splade_folder: str) -> tuple[Any, Any]:
    return SparseEncoder(splade_folder, device="cpu"), reference.SparseEncoder(splade_folder, device="cpu")


@pytest.mark.parametrize("method", ["encode", "encode_query", "encode_document"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"convert_to_sparse_tensor": False},
        {"convert_to_tensor": False},
        {"convert_to_tensor": False, "convert_to_sparse_tensor": False},
        {"max_active_dims": 4},
        {"max_active_dims": 4, "convert_to_sparse_tensor": False},
        {"batch_size": 2, "save_to_cpu": True},
        {"prompt": "say: "},
    ],
    ids=str,
)
def test_every_option_gives_the_same(both: tuple[Any, Any], method: str, options: dict[str, Any]) -> None:
    ours, theirs = (getattr(model, method) for model in both)
    assert_same(ours(TEXTS, **options), theirs(TEXTS, **options))
    assert_same(ours(TEXTS[0], **options), theirs(TEXTS[0], **options))
    assert_same(ours([], **options), theirs([], **options))


def test_weights_are_spelled_out_heaviest_first(both: tuple[Any, Any]) -> None:
    vectors = both[1].encode(TEXTS[:3])
    for given in (vectors, vectors.to_dense(), vectors[0], vectors[0].to_dense()):
        assert_same(both[0].decode(given, top_k=5), both[1].decode(given, top_k=5))
        assert_same(both[0].decode(given), both[1].decode(given))


def test_a_text_without_weights_has_no_words(both: tuple[Any, Any]) -> None:
    assert both[0].decode(torch.zeros(2, 10)) == [[], []]


def test_sparsity_counts_active_dimensions(both: tuple[Any, Any]) -> None:
    vectors = both[1].encode(TEXTS, max_active_dims=7)
    for given in (vectors, vectors.to_dense(), vectors[0]):
        assert_same(both[0].sparsity(given), both[1].sparsity(given))


def test_intersection_multiplies_where_both_are_active(both: tuple[Any, Any]) -> None:
    vectors = both[1].encode(TEXTS)
    assert_same(both[0].intersection(vectors[0], vectors), both[1].intersection(vectors[0], vectors))
    assert_same(both[0].intersection(vectors[0], vectors[1]), both[1].intersection(vectors[0], vectors[1]))
    with pytest.raises(ValueError, match="1D"):
        both[0].intersection(vectors, vectors)


@pytest.mark.parametrize("name", ["dot", "cosine", "euclidean", "manhattan"])
def test_similarities_by_name(both: tuple[Any, Any], name: str) -> None:
    some, others = both[1].encode(TEXTS[:2]), both[1].encode(TEXTS[2:4])
    for model in both:
        model.similarity_fn_name = name
    ours, theirs = (model.similarity(some, others) for model in both)
    assert_same(ours, theirs, 1e-4)
    ours, theirs = (model.similarity_pairwise(some, others) for model in both)
    assert_same(ours, theirs, 1e-4)
    for model in both:
        model.similarity_fn_name = "dot"


def test_properties_agree(both: tuple[Any, Any]) -> None:
    for name in ("similarity_fn_name", "max_seq_length", "splade_pooling_chunk_size", "prompts"):
        assert getattr(both[0], name) == getattr(both[1], name)
    assert both[0].get_sentence_embedding_dimension() == both[1].get_sentence_embedding_dimension()


def test_pooling_in_chunks_changes_nothing(splade_folder: str) -> None:
    model = SparseEncoder(splade_folder, device="cpu")
    whole = model.encode(TEXTS)
    model.splade_pooling_chunk_size = 3
    assert model[1].chunk_size == 3
    assert_same(model.encode(TEXTS), whole)

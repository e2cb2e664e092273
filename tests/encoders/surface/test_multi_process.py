"""Several processes give what one gives, and one that dies is reported."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from outrider.encoders import CrossEncoder, SentenceTransformer, SparseEncoder, WorkerDied

from .conftest import PAIRS, TEXTS
from .oracle import assert_same


@pytest.fixture(scope="module")
def dense(dense_folder: str) -> SentenceTransformer:
    return SentenceTransformer(dense_folder, device="cpu")


@pytest.fixture(scope="module")
def pool(dense: SentenceTransformer) -> Iterator[dict[str, Any]]:
    pool = dense.start_multi_process_pool(["cpu", "cpu"])
    yield pool
    dense.stop_multi_process_pool(pool)


def test_what_a_pool_cuts_is_counted_here(dense: SentenceTransformer, pool: dict[str, Any]) -> None:
    before = dense.truncated_texts
    dense.encode(["word " * 100, "short", "word " * 100], pool=pool, chunk_size=2)
    assert dense.truncated_texts == before + 2


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunk_size": 3, "convert_to_tensor": True},
        {"convert_to_numpy": False, "truncate_dim": 4, "normalize_embeddings": True},
        {"output_value": "token_embeddings"},
        {"precision": "ubinary"},
        {"prompt_name": "topic"},
    ],
    ids=str,
)
def test_a_pool_gives_the_same(dense: SentenceTransformer, pool: dict[str, Any], options: dict[str, Any]) -> None:
    alone = dense.encode(TEXTS, **{key: value for key, value in options.items() if key != "chunk_size"})
    assert_same(dense.encode(TEXTS, pool=pool, **options), alone)
    assert_same(dense.encode_query(TEXTS, pool=pool), dense.encode_query(TEXTS))


def test_the_old_method_still_works_and_says_so(dense: SentenceTransformer, pool: dict[str, Any]) -> None:
    with pytest.warns(DeprecationWarning, match="pool=pool") as caught:
        old = dense.encode_multi_process(TEXTS, pool, chunk_size=2)
    assert caught[0].filename == __file__
    assert_same(old, dense.encode(TEXTS))


def test_an_error_in_a_process_is_raised_here(dense: SentenceTransformer, pool: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="must be str"):
        dense.encode([1, 2], pool=pool)


def test_a_list_of_devices_makes_its_own_pool(splade_folder: str, reranker_folder: str) -> None:
    sparse = SparseEncoder(splade_folder, device="cpu")
    assert_same(sparse.encode(TEXTS, device=["cpu", "cpu"], chunk_size=2), sparse.encode(TEXTS))
    cross = CrossEncoder(reranker_folder, device="cpu")
    assert_same(cross.predict(PAIRS, device=["cpu"], chunk_size=2), cross.predict(PAIRS))


def test_a_process_that_dies_is_reported_and_not_waited_for(dense: SentenceTransformer) -> None:
    pool = dense.start_multi_process_pool(["cpu"])
    os.kill(pool["processes"][0].pid, 9)
    with pytest.raises(WorkerDied, match="exit code -9"):
        dense.encode(TEXTS, pool=pool)
    dense.stop_multi_process_pool(pool)

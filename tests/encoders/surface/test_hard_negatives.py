"""Mined negatives are those of the reference, in every format, and searches in memory give its hits."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sentence_transformers as reference
from datasets import Dataset
from sentence_transformers import quantization as their_search

from outrider.encoders import CrossEncoder, SentenceTransformer, open_model, quantization
from outrider.encoders.errors import MissingExtra
from outrider.encoders.util import mine_hard_negatives

from .conftest import CORPUS

_WORDS = " ".join(CORPUS[:5] + CORPUS[6:]).lower().replace(",", "").split()
_RANDOM = random.Random(1)
ANCHORS, POSITIVES, OTHERS = (
    [" ".join(_RANDOM.sample(_WORDS, length)) for _ in range(count)] for length, count in ((3, 12), (6, 12), (5, 60))
)
# One anchor with two positives, one positive of two anchors.
ANCHORS[1], POSITIVES[3] = ANCHORS[0], POSITIVES[2]


@pytest.fixture(scope="module")
def models(backbones: dict[str, str], reranker_folder: str) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """A model and a cross-encoder, here and there."""
    folder = backbones["bert"]
    return (
        (SentenceTransformer(folder, device="cpu"), CrossEncoder(reranker_folder, device="cpu")),
        (reference.SentenceTransformer(folder, device="cpu"), reference.CrossEncoder(reranker_folder, device="cpu")),
    )


@pytest.fixture
def pairs() -> Any:
    return Dataset.from_dict({"anchor": ANCHORS, "positive": POSITIVES})


def rounded(value: Any) -> Any:
    if isinstance(value, float):
        return pytest.approx(value, abs=1e-4)
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    return [rounded(entry) for entry in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("output_format", "with_scores"),
    [("triplet", False), ("n-tuple", True), ("labeled-pair", False), ("labeled-pair", True), ("labeled-list", True)],
)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"range_min": 2, "range_max": 9, "num_negatives": 4},
        {"relative_margin": 0.005, "num_negatives": 4},
        {"absolute_margin": -0.005, "min_score": 0.9},
        {"max_score": 0.97, "range_min": 3, "num_negatives": 2},
        {"rescored": True, "max_score": 0.6},
        {"rescored": True, "relative_margin": 0.05, "range_min": 1, "range_max": 20},
    ],
    ids=str,
)
def test_the_same_negatives(models: Any, pairs: Any, options: Any, output_format: Any, with_scores: bool) -> None:
    found = []
    for (model, cross), mine in zip(models, (mine_hard_negatives, reference.util.mine_hard_negatives), strict=True):
        given = {key: value for key, value in options.items() if key != "rescored"}
        given |= {"cross_encoder": cross} if "rescored" in options else {}
        rows = mine(
            pairs,
            model,
            corpus=OTHERS,
            verbose=False,
            output_format=output_format,
            output_scores=with_scores,
            **given,
        )
        found.append((rows.column_names, rows.to_list()))
    assert found[0][0] == found[1][0]
    assert found[0][1] == rounded(found[1][1])


@pytest.mark.parametrize(
    "options",
    [
        {"use_faiss": True},
        {"include_positives": True, "num_negatives": 10},
        {"query_prompt": "query: ", "corpus_prompt": "text: "},
        {"anchor_column_name": "positive", "positive_column_name": "anchor"},
        {"faiss_batch_size": 5, "batch_size": 3},
    ],
    ids=str,
)
def test_the_same_triplets(models: Any, pairs: Any, options: Any) -> None:
    found = [
        mine(pairs, model, corpus=OTHERS, verbose=False, **options).to_list()
        for (model, _), mine in zip(models, (mine_hard_negatives, reference.util.mine_hard_negatives), strict=True)
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize("use_faiss", [True, False])
def test_served_models_mine_the_same(models: Any, pairs: Any, use_faiss: bool, tmp_path: Path) -> None:
    (model, cross), _ = models
    model.save_pretrained(str(tmp_path / "dense"))
    cross.save_pretrained(str(tmp_path / "cross"))
    served, scorer = (open_model(tmp_path / name) for name in ("dense", "cross"))
    options: dict[str, Any] = {"corpus": OTHERS, "verbose": False, "use_faiss": use_faiss, "max_score": 0.6}
    options |= {"output_format": "n-tuple", "output_scores": True}
    expected = mine_hard_negatives(pairs, model, cross_encoder=cross, **options)
    found = mine_hard_negatives(pairs, served, cross_encoder=scorer, cache_folder=str(tmp_path / "cache"), **options)
    assert found.to_list() == rounded(expected.to_list())
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 2
    with pytest.raises(ValueError, match="prompts of its own"):
        mine_hard_negatives(pairs, served, query_prompt="query: ", **options)
    with pytest.raises(ValueError, match="mined by a dense model"):
        mine_hard_negatives(pairs, scorer, **options)


def test_negatives_drawn_at_random_are_among_the_best(models: Any, pairs: Any) -> None:
    model = models[0][0]
    options: dict[str, Any] = {"corpus": OTHERS, "output_format": "n-tuple", "range_max": 6}
    best = mine_hard_negatives(pairs, model, num_negatives=6, **options)
    drawn = mine_hard_negatives(pairs, model, num_negatives=3, sampling_strategy="random", verbose=False, **options)
    columns = [f"negative_{number}" for number in range(1, 7)]
    for row, wide in zip(drawn, best, strict=True):
        ranks = [
            [wide[name] for name in columns].index(row[name]) for name in columns[:3] if row[name] in wide.values()
        ]
        assert ranks == sorted(ranks)
        assert len({row[name] for name in columns[:3]}) == 3


def test_a_small_corpus_gives_what_there_is(models: Any) -> None:
    few = Dataset.from_dict({"question": ["a b", "c d"], "answer": ["one", "two"]})
    rows = mine_hard_negatives(few, models[0][0], num_negatives=5, verbose=False)
    assert rows.to_list() == [
        {"question": "a b", "answer": "one", "negative": "two"},
        {"question": "c d", "answer": "two", "negative": "one"},
    ]
    assert mine_hard_negatives(few, models[0][0], num_negatives=5, output_format="n-tuple").column_names == [
        "question",
        "answer",
        *(f"negative_{number}" for number in range(1, 6)),
    ]


def test_embeddings_are_kept_in_the_cache_folder(
    models: Any, pairs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = models[0][0]
    first = mine_hard_negatives(pairs, model, cache_folder=str(tmp_path), verbose=False)
    assert len(list(tmp_path.glob("*.npy"))) == 2
    monkeypatch.setattr(model, "encode", None)
    again = mine_hard_negatives(pairs, model, cache_folder=str(tmp_path), verbose=False)
    assert again.to_list() == first.to_list()


def test_older_arguments(models: Any, pairs: Any) -> None:
    model = models[0][0]
    with pytest.warns(DeprecationWarning, match="output_format") as caught:
        rows = mine_hard_negatives(pairs, model, as_triplets=False, verbose=False)
    assert caught[0].filename == __file__
    assert "negative_3" in rows.column_names
    with pytest.warns(DeprecationWarning, match="absolute_margin"):
        mine_hard_negatives(pairs, model, margin=0.01, verbose=False)
    with pytest.warns(DeprecationWarning, match="output_scores"):
        assert "scores" in mine_hard_negatives(pairs, model, output_format="n-tuple-scores", verbose=False).column_names


def test_mistakes_are_told(models: Any, pairs: Any) -> None:
    model = models[0][0]
    with pytest.raises(ValueError, match="use one of triplet"):
        mine_hard_negatives(pairs, model, output_format="pair")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'top' or 'random'"):
        mine_hard_negatives(pairs, model, sampling_strategy="best")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no column 'question'; it has anchor, positive"):
        mine_hard_negatives(pairs, model, anchor_column_name="question")
    with pytest.raises(ValueError, match="say which two"):
        mine_hard_negatives(pairs.add_column("id", list(range(12))), model)
    with pytest.raises(ValueError, match="no rows"):
        mine_hard_negatives(pairs.select([]), model)


VECTORS = np.random.default_rng(0).normal(size=(300, 64)).astype(np.float32)
QUERIES = (VECTORS[:5] + 0.1).astype(np.float32)


def _assert_same_hits(ours: Any, theirs: Any) -> None:
    for left, right in zip(ours, theirs, strict=True):
        assert [hit["corpus_id"] for hit in left] == [hit["corpus_id"] for hit in right]
        assert [hit["score"] for hit in left] == pytest.approx([hit["score"] for hit in right], abs=1e-3)


@pytest.mark.parametrize("rescore", [True, False])
@pytest.mark.parametrize(
    ("library", "precision"),
    [("faiss", "float32"), ("faiss", "uint8"), ("faiss", "ubinary"), ("usearch", "float32"), ("usearch", "int8")],
)
def test_search_over_quantised_embeddings(library: str, precision: Any, rescore: bool) -> None:
    name = f"semantic_search_{library}"
    corpus = quantization.quantize_embeddings(VECTORS, precision)
    options = {"corpus_precision": precision, "rescore": rescore, "calibration_embeddings": VECTORS, "top_k": 6}
    ours, seconds, index = getattr(quantization, name)(QUERIES, corpus, output_index=True, **options)
    _assert_same_hits(ours, getattr(their_search, name)(QUERIES, corpus, **options)[0])
    assert seconds > 0
    _assert_same_hits(getattr(quantization, name)(QUERIES, corpus_index=index, **options)[0], ours)


@pytest.mark.parametrize("exact", [True, False])
def test_bits_are_compared_by_hamming_distance(exact: bool) -> None:
    corpus = quantization.quantize_embeddings(VECTORS, "binary")
    hits, _ = quantization.semantic_search_usearch(
        VECTORS[:3], corpus, corpus_precision="binary", rescore=False, top_k=1, exact=exact
    )
    assert [(hit[0]["corpus_id"], hit[0]["score"]) for hit in hits] == [(0, 0), (1, 0), (2, 0)]
    rescored, _ = quantization.semantic_search_usearch(VECTORS[:3], corpus, corpus_precision="binary", top_k=4)
    bits = (VECTORS > 0).astype(np.int64)
    for query, found in zip(VECTORS[:3], rescored, strict=True):
        assert [hit["score"] for hit in found] == pytest.approx([query @ bits[int(h["corpus_id"])] for h in found])


def test_searches_refuse_what_makes_no_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="either corpus_embeddings or corpus_index"):
        quantization.semantic_search_faiss(QUERIES)
    with pytest.raises(ValueError, match="this search knows float32, int8, binary"):
        quantization.semantic_search_usearch(QUERIES, VECTORS, corpus_precision="uint8")
    monkeypatch.setitem(__import__("sys").modules, "faiss", None)
    with pytest.raises(MissingExtra, match="pip install faiss-cpu"):
        quantization.semantic_search_faiss(QUERIES, VECTORS)

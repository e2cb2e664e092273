"""Every evaluator gives the reference's numbers, under its names and in its csv files."""

import itertools
from typing import Any

import pytest
import torch
from sentence_transformers import evaluation as their_dense
from sentence_transformers import util as their_util
from sentence_transformers.cross_encoder import evaluation as their_cross
from sentence_transformers.sparse_encoder import evaluation as their_sparse
from torch import nn
from torch.utils.data import DataLoader

from outrider.encoders import evaluation, util
from outrider.encoders.cross_encoder import evaluation as cross_evaluation
from outrider.encoders.sparse_encoder import evaluation as sparse_evaluation

from ..surface.conftest import CORPUS, TEXTS
from .conftest import Both, Compare, assert_same_files

FIRST, SECOND, THIRD = TEXTS[:4], CORPUS[:4], CORPUS[3:7]
LABELS = [1, 0, 1, 0]
SCORES = [0.1, 0.5, 0.9, 0.2]
QUERIES = {"q1": "weather today", "q2": "a car", "q3": "vectors", "without": "nothing is relevant"}
DOCUMENTS = {**{f"d{index}": text for index, text in enumerate(CORPUS)}, "q3": "vectors"}
RELEVANT = {"q1": {"d1", "d2"}, "q2": {"d3"}, "q3": {"d6"}}
SAMPLES: list[dict[str, Any]] = [
    {"query": "weather today", "positive": CORPUS[1:3], "negative": CORPUS[3:6]},
    {"query": "car", "positive": [CORPUS[3]], "negative": CORPUS[4:]},
    {"query": "nothing to rank", "positive": [], "negative": ["left out"]},
]
RANKED: list[dict[str, Any]] = [
    {"query_id": "1", "query": "weather today", "positive": CORPUS[1:3], "documents": CORPUS[2:6]},
    {"query_id": "2", "query": "car", "positive": [CORPUS[3]], "documents": CORPUS[2:]},
    {"query_id": "3", "query": "emoji", "positive": [CORPUS[5]], "documents": CORPUS[:3]},
]
# Each pair once: equal texts score alike only up to rounding, and thresholds and ranks would be drawn by lot.
PAIRS = list(itertools.product(TEXTS[:3], CORPUS[:4]))
EVERY = ["cosine", "dot", "euclidean", "manhattan"]


def pair(name: str, family: str = "dense") -> tuple[Any, Any]:
    """The evaluator class of that name here and there."""
    modules = {
        "dense": (evaluation, their_dense),
        "sparse": (sparse_evaluation, their_sparse),
        "cross": (cross_evaluation, their_cross),
    }[family]
    return getattr(modules[0], name), getattr(modules[1], name)


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("EmbeddingSimilarityEvaluator", (FIRST, SECOND, SCORES), {"name": "sts"}),
        ("EmbeddingSimilarityEvaluator", (FIRST, SECOND, SCORES), {"similarity_fn_names": EVERY}),
        ("EmbeddingSimilarityEvaluator", (FIRST, SECOND, SCORES), {"main_similarity": "dot", "truncate_dim": 8}),
        ("TripletEvaluator", (FIRST, SECOND, THIRD), {"name": "dev"}),
        ("TripletEvaluator", (FIRST, SECOND, THIRD), {"similarity_fn_names": EVERY, "margin": {"cosine": 0.02}}),
        ("TripletEvaluator", (FIRST, SECOND, THIRD), {"main_similarity_function": "euclidean", "margin": 0.1}),
        ("InformationRetrievalEvaluator", (QUERIES, DOCUMENTS, RELEVANT), {"name": "ir"}),
        (
            "InformationRetrievalEvaluator",
            (QUERIES, DOCUMENTS, RELEVANT),
            {
                "corpus_chunk_size": 3,
                "mrr_at_k": [2, 5],
                "map_at_k": [1, 3],
                "ndcg_at_k": [3, 5],
                "accuracy_at_k": [2],
                "precision_recall_at_k": [2, 4],
                "query_prompt": "query: ",
            },
        ),
        ("TranslationEvaluator", (FIRST, SECOND), {"name": "en-de"}),
        (
            "ParaphraseMiningEvaluator",
            ({str(i): text for i, text in enumerate(CORPUS)}, [("0", "4"), ("1", "2"), ("4", "6"), ("1", "99")]),
            {"name": "pairs", "add_transitive_closure": True},
        ),
        (
            "ParaphraseMiningEvaluator",
            ({str(i): text for i, text in enumerate(CORPUS)}, [("0", "4"), ("2", "5"), ("4", "6")]),
            {"top_k": 2},
        ),
        ("RerankingEvaluator", (SAMPLES,), {"name": "rank", "at_k": 3}),
        ("RerankingEvaluator", (SAMPLES,), {"use_batched_encoding": False, "truncate_dim": 16}),
    ],
)
def test_dense_evaluators(dense: Both, compare: Compare, name: str, arguments: Any, options: Any) -> None:
    ours, theirs = pair(name)
    assert_same_files(*compare(dense, ours(*arguments, **options), theirs(*arguments, **options)))


@pytest.mark.parametrize("names", [None, ["dot"], EVERY])
def test_binary_classification(dense: Both, compare: Compare, names: list[str] | None) -> None:
    ours, theirs = pair("BinaryClassificationEvaluator")
    given = ([a for a, _ in PAIRS], [b for _, b in PAIRS], [1, 0, 1, 0, 0, 1] * 2)
    options = {"name": "pairs", "similarity_fn_names": names}
    left, right = compare(dense, ours(*given, **options), theirs(*given, **options))
    (ours_rows,), (theirs_rows,) = left.files.values(), right.files.values()
    assert ours_rows[0] == theirs_rows[0]
    # The reference leaves the thresholds out of the row, so that its values stand under the wrong names.
    row = dict(zip(ours_rows[0], ours_rows[1], strict=True))
    for name in names or ["cosine"]:
        assert float(row[f"{name}_ap"]) == left.metrics[f"pairs_{name}_ap"]
        assert float(row[f"{name}_f1_threshold"]) == left.metrics[f"pairs_{name}_f1_threshold"]


def test_several_score_functions_and_predictions(dense: Both, compare: Compare, tmp_path: Any) -> None:
    ours, theirs = pair("InformationRetrievalEvaluator")
    evaluators = [
        cls(
            QUERIES,
            DOCUMENTS,
            RELEVANT,
            score_functions={"cos_sim": tools.cos_sim, "dot": tools.dot_score},
            write_predictions=True,
        )
        for cls, tools in ((ours, util), (theirs, their_util))
    ]
    assert_same_files(*compare(dense, *evaluators))
    for name in ("cos_sim", "dot"):
        file = f"Information-Retrieval_evaluation_predictions_{name}.jsonl"
        assert (tmp_path / "ours" / file).read_text()[:60] == (tmp_path / "theirs" / file).read_text()[:60]


def test_distance_to_a_teacher(dense: Both, compare: Compare) -> None:
    ours, theirs = pair("MSEEvaluator")
    assert_same_files(
        *compare(
            dense,
            ours(FIRST, SECOND, teacher_model=dense.ours, name="kd"),
            theirs(FIRST, SECOND, teacher_model=dense.theirs, name="kd"),
        )
    )


def test_distance_to_a_teacher_by_language(dense: Both, compare: Compare) -> None:
    rows = [{"en": a, "de": b, "fr": c} for a, b, c in zip(FIRST, SECOND, THIRD, strict=True)]
    rows[1]["fr"] = " "
    ours, theirs = pair("MSEEvaluatorFromDataFrame")
    pairs = [("en", "de"), ("en", "fr")]
    assert_same_files(*compare(dense, ours(rows, dense.ours, pairs), theirs(rows, dense.theirs, pairs)))


class Head(nn.Module):
    """Classifies by the first token."""

    def forward(self, features: list[dict[str, torch.Tensor]], labels: Any) -> tuple[None, torch.Tensor]:
        del labels
        return None, nn.functional.one_hot(features[0]["input_ids"][:, 1] % 3, 3).float()


def test_accuracy_of_a_classifying_head(dense: Both, compare: Compare) -> None:
    from sentence_transformers import InputExample

    examples: Any = [InputExample(texts=[text], label=index % 3) for index, text in enumerate(CORPUS)]
    ours, theirs = (
        cls(DataLoader(examples, batch_size=2), name="nli", softmax_model=Head())
        for cls in pair("LabelAccuracyEvaluator")
    )
    assert_same_files(*compare(dense, ours, theirs))


def test_one_after_the_other(dense: Both, compare: Compare) -> None:
    built = []
    for module, model in ((evaluation, dense.ours), (their_dense, dense.theirs)):
        parts = [
            module.MSEEvaluator(FIRST, SECOND, teacher_model=model, name="kd"),
            module.TripletEvaluator(FIRST, SECOND, THIRD, name="dev"),
            lambda *_: 0.25,
        ]
        built.append(module.SequentialEvaluator(parts, main_score_function=sum))
    assert_same_files(*compare(dense, *built))


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("SparseInformationRetrievalEvaluator", (QUERIES, DOCUMENTS, RELEVANT), {"max_active_dims": 50, "name": "ir"}),
        ("SparseInformationRetrievalEvaluator", (QUERIES, DOCUMENTS, RELEVANT), {"corpus_chunk_size": 3}),
        ("SparseTranslationEvaluator", (FIRST, SECOND), {"name": "en-de"}),
        ("SparseRerankingEvaluator", (SAMPLES,), {"at_k": 3}),
    ],
)
def test_sparse_evaluators(sparse: Both, compare: Compare, name: str, arguments: Any, options: Any) -> None:
    ours, theirs = pair(name, "sparse")
    assert_same_files(*compare(sparse, ours(*arguments, **options), theirs(*arguments, **options)))


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("SparseBinaryClassificationEvaluator", (FIRST, SECOND, LABELS), {"name": "pairs"}),
        ("SparseEmbeddingSimilarityEvaluator", (FIRST, SECOND, SCORES), {"similarity_fn_names": ["dot", "cosine"]}),
        ("SparseTripletEvaluator", (FIRST, SECOND, THIRD), {"max_active_dims": 20}),
    ],
)
def test_sparse_evaluators_of_pairs(sparse: Both, compare: Compare, name: str, arguments: Any, options: Any) -> None:
    ours, theirs = pair(name, "sparse")
    left, right = compare(sparse, ours(*arguments, **options), theirs(*arguments, **options))
    (ours_rows,), (theirs_rows,) = left.files.values(), right.files.values()
    # The reference's header has the sparsity twice, and more columns than values: here each once, over its value.
    assert set(ours_rows[0]) == set(theirs_rows[0])
    assert len(ours_rows[0]) == len(ours_rows[1]) == len(set(ours_rows[0]))


def test_distance_to_a_sparse_teacher(sparse: Both, compare: Compare) -> None:
    ours, theirs = pair("SparseMSEEvaluator", "sparse")
    assert_same_files(
        *compare(sparse, ours(FIRST, SECOND, sparse.ours, name="kd"), theirs(FIRST, SECOND, sparse.theirs, name="kd"))
    )


def test_two_rankings_fused(tmp_path: Any) -> None:
    dense_samples = [{**sample, "documents": CORPUS[:4]} for sample in RANKED]
    found = []
    for who, cls in zip(("ours", "theirs"), pair("ReciprocalRankFusionEvaluator", "sparse"), strict=True):
        (tmp_path / who).mkdir()
        evaluator = cls(dense_samples, RANKED, at_k=5, name="rrf", write_predictions=True)
        found.append(evaluator(output_path=str(tmp_path / who)))
    assert found[0] == pytest.approx(found[1])
    names = sorted(path.name for path in (tmp_path / "theirs").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "ours").iterdir())
    predictions = "ReciprocalRankFusion_evaluation_rrf_predictions.jsonl"
    assert (tmp_path / "ours" / predictions).read_text() == (tmp_path / "theirs" / predictions).read_text()
    header, row = (tmp_path / "ours" / names[1]).read_text().splitlines()
    their_header, their_row = (tmp_path / "theirs" / names[1]).read_text().splitlines()
    assert header == their_header
    assert [float(x) for x in row.split(",")] == pytest.approx([float(x) for x in their_row.split(",")])


@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("CrossEncoderClassificationEvaluator", (PAIRS, [1, 0, 1, 0, 0, 1] * 2), {"name": "pairs"}),
        ("CrossEncoderCorrelationEvaluator", (PAIRS, [0.1 * (i % 7) for i in range(12)]), {"name": "sts"}),
        ("CrossEncoderRerankingEvaluator", (SAMPLES[:2],), {"at_k": 3, "name": "rank"}),
        ("CrossEncoderRerankingEvaluator", (RANKED,), {"at_k": 3}),
        ("CrossEncoderRerankingEvaluator", (RANKED,), {"always_rerank_positives": False}),
    ],
)
def test_cross_encoder_evaluators(reranker: Both, compare: Compare, name: str, arguments: Any, options: Any) -> None:
    ours, theirs = pair(name, "cross")
    assert_same_files(*compare(reranker, ours(*arguments, **options), theirs(*arguments, **options)))


def test_classification_with_several_labels(classifier: Both, compare: Compare) -> None:
    ours, theirs = pair("CrossEncoderClassificationEvaluator", "cross")
    given = (PAIRS, [1, 0, 1, 0, 0, 1] * 2)
    assert_same_files(*compare(classifier, ours(*given), theirs(*given)))

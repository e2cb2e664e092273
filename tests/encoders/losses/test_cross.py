"""Every reranker loss: value and gradients of Sentence Transformers on the same model, batch and seed."""

from typing import Any

import pytest
import torch
from sentence_transformers.cross_encoder import losses as reference

from outrider.encoders.cross_encoder import losses

from ..evaluation.conftest import Both
from .conftest import ANCHORS, COLUMNS, NEGATIVES, OTHERS, POSITIVES, assert_equal, fresh, losses_of, run

BINARY = torch.tensor([1.0, 0.0, 1.0, 1.0, 0.0, 0.0])
SCORES = torch.tensor([0.9, 0.1, 0.5, 0.7, 0.3, 0.2])
LISTS = [ANCHORS[:3], [POSITIVES[:4], NEGATIVES[:2], OTHERS[:3]]]
GRADES = [torch.tensor(grades) for grades in ([2.0, 0.0, 1.0, 3.0], [0.0, 1.0], [1.0, 1.0, 0.0])]
SCHEMES = ("NoWeightingScheme", "NDCGLoss1Scheme", "NDCGLoss2Scheme", "LambdaRankScheme", "NDCGLoss2PPScheme")
CASES: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("BinaryCrossEntropyLoss", {}, COLUMNS[:2], BINARY),
    ("BinaryCrossEntropyLoss", {"pos_weight": torch.tensor(3.0)}, COLUMNS[:2], BINARY),
    ("CrossEntropyLoss", {}, COLUMNS[:2], BINARY.long()),
    ("MSELoss", {}, COLUMNS[:2], SCORES),
    ("MSELoss", {"activation_fn": torch.nn.Sigmoid()}, COLUMNS[:2], SCORES),
    ("MarginMSELoss", {}, COLUMNS[:3], SCORES),
    ("MultipleNegativesRankingLoss", {}, COLUMNS[:2], None),
    ("MultipleNegativesRankingLoss", {"num_negatives": None, "scale": 5.0}, COLUMNS[:2], None),
    ("MultipleNegativesRankingLoss", {"num_negatives": 2}, COLUMNS[:3], None),
    ("CachedMultipleNegativesRankingLoss", {"mini_batch_size": 4}, COLUMNS[:3], None),
    ("ListNetLoss", {}, LISTS, GRADES),
    ("ListNetLoss", {"mini_batch_size": 2}, LISTS, GRADES),
    ("ListMLELoss", {}, LISTS, GRADES),
    ("ListMLELoss", {"respect_input_order": False}, LISTS, GRADES),
    ("PListMLELoss", {}, LISTS, GRADES),
    ("PListMLELoss", {"respect_input_order": False, "mini_batch_size": -1}, LISTS, GRADES),
    ("PListMLELoss", {"lambda_weight": None}, LISTS, GRADES),
    ("PListMLELoss", {"lambda_weight": "PListMLELambdaWeight"}, LISTS, GRADES),
    ("RankNetLoss", {}, LISTS, GRADES),
    ("RankNetLoss", {"sigma": 2.0, "reduction_log": "natural"}, LISTS, GRADES),
    ("LambdaLoss", {"k": 3}, LISTS, GRADES),
    *[("LambdaLoss", {"weighting_scheme": scheme}, LISTS, GRADES) for scheme in SCHEMES],
]


def build(library: Any, name: str, model: Any, settings: dict[str, Any]) -> Any:
    parts = ("weighting_scheme", "lambda_weight")
    given = {key: getattr(library, value)() if key in parts and value else value for key, value in settings.items()}
    return getattr(library, name)(model, **given)


def test_no_loss_is_left_out() -> None:
    parts = {"PListMLELambdaWeight", *SCHEMES}
    assert {name for name, *_ in CASES} | parts == losses_of(reference)


@pytest.mark.parametrize(("name", "settings", "columns", "labels"), CASES)
def test_value_and_gradients_are_those_of_sentence_transformers(
    name: str, settings: dict[str, Any], columns: Any, labels: Any, reranker: Both, classifier: Both
) -> None:
    pair = fresh(classifier if name == "CrossEntropyLoss" else reranker)
    ours, theirs = build(losses, name, pair.ours, settings), build(reference, name, pair.theirs, settings)
    mine = run(ours, columns, labels)
    assert mine[1], "no parameter has a gradient"
    assert_equal(mine, run(theirs, columns, labels))
    assert ours.citation.startswith("@")


@pytest.mark.parametrize(
    ("name", "columns", "labels", "sentence"),
    [
        ("BinaryCrossEntropyLoss", COLUMNS[:3], BINARY, "needs 2 text"),
        ("BinaryCrossEntropyLoss", COLUMNS[:2], None, "needs a label column"),
        ("MarginMSELoss", COLUMNS[:3], torch.rand(6, 2), "one margin a row"),
        ("ListNetLoss", LISTS, [GRADES[0], GRADES[0], GRADES[0]], "one label a document"),
        ("MSELoss", COLUMNS[:2], SCORES * torch.nan, "is not a number"),
    ],
)
def test_a_batch_that_does_not_fit_ends_in_a_sentence(
    name: str, columns: Any, labels: Any, sentence: str, reranker: Both
) -> None:
    with pytest.raises(ValueError, match=sentence):
        getattr(losses, name)(reranker.ours)(columns, labels)


def test_a_classifier_is_no_scorer(classifier: Both) -> None:
    with pytest.raises(ValueError, match="a model with 1 label, this one has 2"):
        losses.LambdaLoss(classifier.ours)


def test_lists_without_order_cost_nothing(reranker: Both) -> None:
    assert losses.RankNetLoss(reranker.ours)([["a"], [["b", "c"]]], [torch.ones(2)]).item() == 0

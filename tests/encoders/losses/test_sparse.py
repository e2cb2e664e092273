"""Every sparse loss: value and gradients of Sentence Transformers on the same model, batch and seed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sentence_transformers as reference_models
import torch
from sentence_transformers.sparse_encoder import losses as reference
from sentence_transformers.sparse_encoder.models import SparseAutoEncoder as ReferenceAutoEncoder
from torch import Tensor

from outrider.encoders import SparseEncoder
from outrider.encoders.sparse_encoder import losses
from outrider.encoders.sparse_encoder.models import SparseAutoEncoder

from ..evaluation.conftest import Both
from .conftest import assert_equal, fresh, run, tokens

Check = Callable[..., None]
SCORES = torch.tensor([0.9, 0.1, 0.5, 0.7, 0.3, 0.2])
torch.manual_seed(3)
TEACHER = torch.rand(6, 3) * 4
MNRL = "SparseMultipleNegativesRankingLoss"


@dataclass(frozen=True)
class Case:
    """A loss under its settings, what it wraps, the number of text columns, and labels."""

    name: str
    columns: int
    labels: Tensor | None = None
    inner: str = ""
    settings: tuple[tuple[str, Any], ...] = ()

    def build(self, library: Any, model: Any) -> Any:
        inner = [getattr(library, self.inner)(model)] if self.inner else []
        return getattr(library, self.name)(model, *inner, **dict(self.settings))

    def __str__(self) -> str:
        return f"{self.name}-{self.inner}-{self.columns}-{'-'.join(f'{k}={v}' for k, v in self.settings)}"


def _with(**settings: Any) -> tuple[tuple[str, Any], ...]:
    return tuple(settings.items())


BOTH = _with(document_regularizer_weight=0.3, query_regularizer_weight=0.5)
THRESHOLDS = _with(document_regularizer_threshold=20, query_regularizer_threshold=25)
CASES = [
    Case("SpladeLoss", 2, None, MNRL, BOTH),
    Case("SpladeLoss", 4, None, MNRL, (*BOTH, *THRESHOLDS)),
    Case("SpladeLoss", 3, None, MNRL, _with(document_regularizer_weight=0.3)),
    Case("SpladeLoss", 3, None, MNRL, _with(document_regularizer_weight=0.3, use_document_regularizer_only=True)),
    Case("SpladeLoss", 3, SCORES, "SparseMarginMSELoss", BOTH),
    Case("SpladeLoss", 4, TEACHER, "SparseMarginMSELoss", BOTH),
    Case("SpladeLoss", 4, TEACHER, "SparseDistillKLDivLoss", BOTH),
    Case("SpladeLoss", 2, SCORES, "SparseCoSENTLoss", BOTH),
    Case("SpladeLoss", 2, SCORES, "SparseCosineSimilarityLoss", BOTH),
]


@pytest.fixture
def auto_encoder(dense: Both) -> Both:
    """A dense model with the same sparse auto-encoder in both libraries; a copy of the reference's reads old counts."""
    torch.manual_seed(5)
    ours = SparseAutoEncoder(32, hidden_dim=48, k=4, k_aux=8, dead_threshold=0)
    theirs = ReferenceAutoEncoder(32, hidden_dim=48, k=4, k_aux=8, dead_threshold=0)
    theirs.load_state_dict(ours.state_dict(), strict=False)
    pair = fresh(dense)
    return Both(
        SparseEncoder(modules=[*pair.ours, ours], device="cpu"),
        reference_models.SparseEncoder(modules=[*pair.theirs, theirs], device="cpu"),
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_value_and_gradients_are_those_of_sentence_transformers(case: Case, sparse: Both, same: Check) -> None:
    same(
        sparse,
        lambda _, model: case.build(losses, model),
        lambda _, model: case.build(reference, model),
        case.columns,
        case.labels,
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_settings_on_the_card_are_those_of_sentence_transformers(case: Case, sparse: Both) -> None:
    ours, theirs = case.build(losses, sparse.ours), case.build(reference, sparse.theirs)
    mine, other = ours.get_config_dict(), theirs.get_config_dict()
    assert type(mine.pop("loss")).__name__ == type(other.pop("loss")).__name__ == case.inner
    assert mine == other
    assert ours.citation.startswith("@")


def _weighed(library: Any, model: Any, inner: Any) -> Any:
    return library.SpladeLoss(model, inner, document_regularizer_weight=0.3, query_regularizer_weight=0.5)


def test_triplets_are_measured_by_true_distances(sparse: Both, same: Check) -> None:
    distance = torch.nn.functional.pairwise_distance
    same(
        sparse,
        lambda _, model: _weighed(losses, model, losses.SparseTripletLoss(model)),
        lambda _, model: _weighed(reference, model, reference.SparseTripletLoss(model, distance)),
        3,
    )


def test_embeddings_are_regressed_to_the_teachers(sparse: Both, same: Check) -> None:
    labels = torch.rand(6, sparse.ours(tokens(sparse.ours, 1)[0])["sentence_embedding"].shape[1])
    same(
        sparse,
        lambda _, model: losses.SparseMSELoss(model),
        lambda _, model: reference.SparseMSELoss(model),
        2,
        labels,
    )


@pytest.mark.parametrize(("name", "settings"), [
    ("CSRLoss", {}), ("CSRLoss", {"beta": 0.5, "gamma": 2.0}),
])  # fmt: skip
def test_reconstruction_is_that_of_sentence_transformers(
    name: str, settings: dict[str, float], auto_encoder: Both
) -> None:
    pair = auto_encoder
    for model in (pair.ours, pair.theirs):
        model.train()
    ours, theirs = getattr(losses, name)(pair.ours, **settings), getattr(reference, name)(pair.theirs, **settings)
    mine, other = run(ours, tokens(pair.ours, 3), None), run(theirs, tokens(pair.theirs, 3), None)
    assert mine[0]["reconstruction_loss_aux"] > 0
    assert_equal(mine, other)


def test_angles_are_those_of_sentence_transformers(auto_encoder: Both) -> None:
    ours, theirs = auto_encoder.ours.train(), auto_encoder.theirs.train()
    mine = run(losses.CSRLoss(ours, losses.SparseAnglELoss(ours)), tokens(ours, 2), SCORES)
    other = run(reference.CSRLoss(theirs, reference.SparseAnglELoss(theirs)), tokens(theirs, 2), SCORES)
    assert_equal(mine, other)


def test_flops_are_those_of_sentence_transformers(sparse: Both) -> None:
    rows = torch.rand(5, 30) * (torch.rand(5, 30) > 0.5)
    for threshold in (None, 12, 15):
        ours, theirs = losses.FlopsLoss(sparse.ours, threshold), reference.FlopsLoss(sparse.theirs, threshold)
        torch.testing.assert_close(
            ours.compute_loss_from_embeddings(rows), theirs.compute_loss_from_embeddings(rows), atol=1e-5, rtol=1e-5
        )


def test_a_model_without_an_auto_encoder_is_told_so(sparse: Both) -> None:
    with pytest.raises(ValueError, match="ends in a SparseAutoEncoder"):
        losses.CSRLoss(sparse.ours)(tokens(sparse.ours, 2))

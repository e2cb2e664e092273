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
from .conftest import assert_equal, fresh, losses_of, run, tokens

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
    on: str = "sparse"
    """The fixture with the model."""

    def build(self, library: Any, model: Any) -> Any:
        inner = [getattr(library, self.inner)(model)] if self.inner else []
        return getattr(library, self.name)(model, *inner, **dict(self.settings))

    def __str__(self) -> str:
        return f"{self.inner or self.name}-{self.name}-{self.columns}-{'-'.join(f'{k}={v}' for k, v in self.settings)}"


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
    Case("CSRLoss", 3, on="auto_encoder"),
    Case("CSRLoss", 3, settings=_with(beta=0.5, gamma=2.0), on="auto_encoder"),
    Case("CSRLoss", 2, SCORES, "SparseAnglELoss", on="auto_encoder"),
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
        SparseEncoder(modules=[*pair.ours, ours], device="cpu").train(),
        reference_models.SparseEncoder(modules=[*pair.theirs, theirs], device="cpu").train(),
    )


def test_no_loss_is_left_out() -> None:
    alone = {"SparseTripletLoss", "SparseMSELoss", "CSRReconstructionLoss", "FlopsLoss"}
    assert {name for case in CASES for name in (case.name, case.inner) if name} | alone == losses_of(reference)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_value_and_gradients_are_those_of_sentence_transformers(case: Case, sparse: Both, auto_encoder: Both) -> None:
    pair = fresh(sparse) if case.on == "sparse" else auto_encoder
    mine = run(case.build(losses, pair.ours), tokens(pair.ours, case.columns), case.labels)
    assert mine[1], "no parameter has a gradient"
    assert all(part > 0 for name, part in mine[0].items() if name.startswith("reconstruction"))
    assert_equal(mine, run(case.build(reference, pair.theirs), tokens(pair.theirs, case.columns), case.labels))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_settings_on_the_card_are_those_of_sentence_transformers(
    case: Case, sparse: Both, auto_encoder: Both
) -> None:
    models = sparse if case.on == "sparse" else auto_encoder
    ours, theirs = case.build(losses, models.ours), case.build(reference, models.theirs)
    mine, other = ours.get_config_dict(), theirs.get_config_dict()
    inner = case.inner or "SparseMultipleNegativesRankingLoss"
    assert type(mine.pop("loss")).__name__ == type(other.pop("loss")).__name__ == inner
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


def test_reconstruction_alone_is_that_of_sentence_transformers(auto_encoder: Both) -> None:
    ours, theirs = (
        library.CSRReconstructionLoss(model, beta=0.5).compute_loss_from_embeddings(
            [model(column) for column in tokens(model, 2)]
        )
        for library, model in ((losses, auto_encoder.ours), (reference, auto_encoder.theirs))
    )
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_flops_are_those_of_sentence_transformers(sparse: Both) -> None:
    rows = (torch.rand(5, 30) * (torch.rand(5, 30) > 0.5)).requires_grad_()
    for threshold in (None, 12, 15):
        ours, theirs = losses.FlopsLoss(sparse.ours, threshold), reference.FlopsLoss(sparse.theirs, threshold)
        values = [loss.compute_loss_from_embeddings(rows) for loss in (ours, theirs)]
        torch.testing.assert_close(*values, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(*(torch.autograd.grad(value, rows)[0] for value in values), atol=1e-5, rtol=1e-5)


def test_a_model_without_an_auto_encoder_is_told_so(sparse: Both) -> None:
    with pytest.raises(ValueError, match="ends in a SparseAutoEncoder"):
        losses.CSRLoss(sparse.ours)(tokens(sparse.ours, 2))

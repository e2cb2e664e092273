"""Every dense loss: value and gradients of Sentence Transformers on the same model, batch and seed."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from sentence_transformers import losses as reference
from torch import Tensor

from outrider.encoders import losses

from ..evaluation.conftest import Both
from .conftest import assert_equal, fresh, losses_of, run, tokens

Check = Callable[..., None]
SCORES = torch.tensor([0.9, 0.1, 0.5, 0.7, 0.3, 0.2])
BINARY = torch.tensor([1, 0, 1, 1, 0, 0])
CLASSES = torch.tensor([0, 0, 1, 1, 2, 0])
torch.manual_seed(3)
EMBEDDINGS = torch.randn(6, 32)
TEACHER = torch.rand(6, 3) * 4


@dataclass(frozen=True)
class Case:
    """A loss under its settings, the number of text columns, and labels."""

    name: str
    columns: int
    labels: Tensor | None = None
    settings: tuple[tuple[str, Any], ...] = ()
    inner: str = ""
    """The loss that this one wraps."""

    def build(self, library: Any, model: Any) -> Any:
        torch.manual_seed(11)  # some losses have weights of their own
        arguments = [model]
        if "GIST" in self.name:
            arguments.append(model)
        if self.inner:
            arguments.append(getattr(library, self.inner)(model))
        settings = {key: _of(library, model, value) for key, value in self.settings}
        return getattr(library, self.name)(*arguments, **settings)

    def __str__(self) -> str:
        return f"{self.name}-{self.inner}-{self.columns}-{'-'.join(f'{k}={v}' for k, v in self.settings)}"


def _of(library: Any, model: Any, value: Any) -> Any:
    if value == "the encoder's":
        return model[0].auto_model.config._name_or_path
    if isinstance(value, str) and "." in value:
        family, member = value.split(".")
        return getattr(getattr(library, family), member)
    return value


def _true_distance(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda x, y: -getattr(reference.TripletDistanceMetric, name)(x, y)


def _with(**settings: Any) -> tuple[tuple[str, Any], ...]:
    return tuple(settings.items())


MNRL = "MultipleNegativesRankingLoss"
CASES = [
    Case(MNRL, 2),
    Case(MNRL, 4, settings=_with(scale=5.0)),
    Case("CachedMultipleNegativesRankingLoss", 3, settings=_with(mini_batch_size=4)),
    Case("MultipleNegativesSymmetricRankingLoss", 2),
    Case("MultipleNegativesSymmetricRankingLoss", 3),
    Case("CachedMultipleNegativesSymmetricRankingLoss", 2, settings=_with(mini_batch_size=4)),
    Case("CachedMultipleNegativesSymmetricRankingLoss", 3, settings=_with(mini_batch_size=2)),
    Case("GISTEmbedLoss", 2, settings=_with(temperature=0.1)),
    Case("GISTEmbedLoss", 3, settings=_with(temperature=0.1, margin=0.1)),
    Case("GISTEmbedLoss", 3, settings=_with(temperature=0.1, margin_strategy="relative", margin=0.05)),
    Case("GISTEmbedLoss", 2, settings=_with(temperature=0.1, contrast_anchors=False, contrast_positives=False)),
    Case("CachedGISTEmbedLoss", 3, settings=_with(temperature=0.1, mini_batch_size=4, margin=0.1)),
    Case("CoSENTLoss", 2, SCORES),
    Case("AnglELoss", 2, SCORES),
    Case("CosineSimilarityLoss", 2, SCORES),
    Case("ContrastiveLoss", 2, BINARY),
    Case("ContrastiveLoss", 2, BINARY, _with(size_average=False, margin=0.9)),
    Case("ContrastiveLoss", 2, BINARY, _with(distance_metric="SiameseDistanceMetric.EUCLIDEAN", margin=9.0)),
    Case("ContrastiveLoss", 2, BINARY, _with(distance_metric="SiameseDistanceMetric.MANHATTAN", margin=90.0)),
    Case("OnlineContrastiveLoss", 2, BINARY),
    Case("OnlineContrastiveLoss", 2, BINARY, _with(distance_metric="SiameseDistanceMetric.EUCLIDEAN", margin=9.0)),
    Case("TripletLoss", 3, settings=_with(distance_metric="TripletDistanceMetric.COSINE", triplet_margin=0.5)),
    *[
        Case(name, 1, CLASSES, settings)
        for name in ("BatchAllTripletLoss", "BatchHardTripletLoss", "BatchSemiHardTripletLoss")
        for settings in (
            (),
            _with(distance_metric="BatchHardTripletLossDistanceFunction.cosine_distance", margin=0.2),
        )
    ],
    Case("BatchHardSoftMarginTripletLoss", 1, CLASSES),
    Case("SoftmaxLoss", 2, CLASSES, _with(sentence_embedding_dimension=32, num_labels=3)),
    Case(
        "SoftmaxLoss",
        2,
        CLASSES,
        _with(sentence_embedding_dimension=32, num_labels=3, concatenation_sent_multiplication=True),
    ),
    Case("ContrastiveTensionLoss", 2, BINARY),
    Case("ContrastiveTensionLossInBatchNegatives", 2),
    Case(
        "DenoisingAutoEncoderLoss",
        2,
        None,
        _with(decoder_name_or_path="the encoder's", tie_encoder_decoder=False),
    ),
    Case("MegaBatchMarginLoss", 2, settings=_with(use_mini_batched_version=False)),
    Case("MegaBatchMarginLoss", 2, settings=_with(use_mini_batched_version=True)),
    Case("MSELoss", 1, EMBEDDINGS),
    Case("MSELoss", 2, EMBEDDINGS),
    Case("MarginMSELoss", 3, SCORES),
    Case("MarginMSELoss", 4, TEACHER[:, :2]),
    Case("MarginMSELoss", 4, TEACHER),
    Case("DistillKLDivLoss", 4, TEACHER),
    Case("DistillKLDivLoss", 3, TEACHER[:, :2], _with(temperature=2.0)),
    Case("MatryoshkaLoss", 2, None, _with(matryoshka_dims=[8, 32, 16], matryoshka_weights=[1, 2, 3]), MNRL),
    Case("MatryoshkaLoss", 2, None, _with(matryoshka_dims=[32, 8]), "CachedMultipleNegativesRankingLoss"),
    Case("MatryoshkaLoss", 2, None, _with(matryoshka_dims=[32, 16, 8], n_dims_per_step=2), MNRL),
    Case("MatryoshkaLoss", 2, SCORES, _with(matryoshka_dims=[32, 16]), "CoSENTLoss"),
    Case("AdaptiveLayerLoss", 2, None, _with(n_layers_per_step=1), MNRL),
    Case("AdaptiveLayerLoss", 2, SCORES, _with(n_layers_per_step=-1, kl_div_weight=2.0), "CoSENTLoss"),
    Case("AdaptiveLayerLoss", 2, None, _with(n_layers_per_step=-1, kl_temperature=0, prior_layers_weight=0.5), MNRL),
    Case("Matryoshka2dLoss", 2, None, _with(matryoshka_dims=[32, 16], n_layers_per_step=-1, n_dims_per_step=-1), MNRL),
]


def test_no_loss_is_left_out() -> None:
    assert {case.name for case in CASES} == losses_of(reference)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_value_and_gradients_are_those_of_sentence_transformers(case: Case, dense: Both, same: Check) -> None:
    same(
        dense,
        lambda _, model: case.build(losses, model),
        lambda _, model: case.build(reference, model),
        case.columns,
        case.labels,
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_settings_on_the_card_are_those_of_sentence_transformers(case: Case, dense: Both) -> None:
    ours, theirs = case.build(losses, dense.ours), case.build(reference, dense.theirs)
    # Some losses there show no settings; ours always do.
    expected = theirs.get_config_dict() if hasattr(theirs, "get_config_dict") else ours.get_config_dict()
    ignored = {"guide"}
    mine = {key: str(value) for key, value in ours.get_config_dict().items() if key not in ignored}
    assert mine == {key: str(value) for key, value in expected.items() if key not in ignored}
    assert ours.citation.startswith("@")


@pytest.mark.parametrize("name", ["EUCLIDEAN", "MANHATTAN"])
def test_triplets_are_measured_by_true_distances_where_sentence_transformers_negates_them(
    name: str, dense: Both, same: Check
) -> None:
    # 5.2.3 defines these two as similarities (-d), so that its loss pushes the positive away and pulls the negative in.
    x, y = torch.zeros(1, 2), torch.tensor([[3.0, 4.0]])
    ours, theirs = getattr(losses.TripletDistanceMetric, name), getattr(reference.TripletDistanceMetric, name)
    assert ours(x, y).item() == -theirs(x, y).item() > 0
    same(
        dense,
        lambda _, model: losses.TripletLoss(model, distance_metric=ours),
        lambda _, model: reference.TripletLoss(model, distance_metric=_true_distance(name)),
        3,
    )


def test_triplets_are_euclidean_unless_told_otherwise(dense: Both) -> None:
    loss = losses.TripletLoss(dense.ours)
    assert loss.get_config_dict() == {"distance_metric": "TripletDistanceMetric.EUCLIDEAN", "triplet_margin": 5}


def test_a_classifier_gives_its_logits_where_there_are_no_labels(dense: Both) -> None:
    _, logits = losses.SoftmaxLoss(dense.ours, 32, 3)(tokens(dense.ours, 2), None)
    assert logits.shape == (6, 3)


def test_the_tension_loader_mixes_equal_and_random_pairs() -> None:
    loader = losses.ContrastiveTensionDataLoader([f"s{n}" for n in range(16)], batch_size=8, pos_neg_ratio=4)
    batches = list(loader)
    assert len(batches) == len(loader) == 2
    for batch in batches:
        assert [row.label for row in batch] == [1, 0, 0, 0, 1, 0, 0, 0]
        assert all(row.texts[0] == row.texts[1] for row in batch if row.label)


def test_cached_losses_give_the_gradient_of_the_plain_ones(dense: Both) -> None:
    for size in (1, 2, 5, 64):
        for cached, plain, more in (
            ("CachedMultipleNegativesRankingLoss", MNRL, 0),
            ("CachedMultipleNegativesSymmetricRankingLoss", "MultipleNegativesSymmetricRankingLoss", 0),
            ("CachedGISTEmbedLoss", "GISTEmbedLoss", 1),
        ):
            # In double precision: the two only differ in the order of their sums.
            model, other = fresh(dense).ours.double(), fresh(dense).ours.double()
            in_slices = getattr(losses, cached)(model, *[model] * more, mini_batch_size=size)
            at_once = getattr(losses, plain)(other, *[other] * more)
            assert_equal(run(in_slices, tokens(model, 3), None), run(at_once, tokens(other, 3), None))


def test_a_denoising_decoder_sees_nothing_but_the_embedding(dense: Both) -> None:
    pair = fresh(dense)
    folder = pair.ours[0].auto_model.config._name_or_path
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loss = losses.DenoisingAutoEncoderLoss(pair.ours, decoder_name_or_path=folder, tie_encoder_decoder=True)
    for module in loss.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    features = tokens(pair.ours, 2)
    values, gradients = run(loss, features, None)
    assert values["loss"] > 0
    assert "encoder.layer.0.attention.self.query.weight" in {name.split("0.auto_model.")[-1] for name in gradients}
    base = getattr(loss.decoder, loss.decoder.base_model_prefix)
    assert base.embeddings.word_embeddings.weight is pair.ours[0].auto_model.embeddings.word_embeddings.weight
    padded = {**features[0], "input_ids": features[0]["input_ids"].flip(0)}
    assert not torch.isclose(loss([padded, features[1]]).detach(), values["loss"])


def test_a_tied_denoising_decoder_has_the_value_and_gradients_of_the_reference(dense: Both) -> None:
    # 5.2.3 ties by a method that transformers 5 no longer has. Built untied, its decoder is given the encoder's
    # parameters here; everything after that is the reference's own.
    pair = fresh(dense)
    tied = Case("DenoisingAutoEncoderLoss", 2, None, _with(tie_encoder_decoder=True))
    untied = Case(
        "DenoisingAutoEncoderLoss", 2, None, _with(decoder_name_or_path="the encoder's", tie_encoder_decoder=False)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = tied.build(losses, pair.ours), untied.build(reference, pair.theirs)
    known = dict(pair.theirs[0].auto_model.named_parameters())
    for place, module in getattr(theirs.decoder, theirs.decoder.base_model_prefix).named_modules():
        for name in list(module._parameters):
            setattr(module, name, known.get(f"{place}.{name}", getattr(module, name)))
    mine = run(ours, tokens(pair.ours, 2), None)
    assert_equal(mine, run(theirs, tokens(pair.theirs, 2), None))
    # The decoder's share of the gradient arrives: untied, the encoder gets none of it.
    alone = run(untied.build(losses, fresh(dense).ours), tokens(pair.ours, 2), None)
    name = "encoder.layer.0.attention.self.query.weight"
    assert (mine[1][name] - alone[1][name]).abs().max() > 1e-4


@pytest.mark.parametrize(
    ("build", "columns", "labels", "sentence"),
    [
        (losses.TripletLoss, 2, None, r"TripletLoss needs 3 text column\(s\), the dataset has 2"),
        (losses.CoSENTLoss, 2, None, "CoSENTLoss needs a label column"),
        (losses.CoSENTLoss, 2, torch.rand(6, 2), "one label a row"),
        (losses.MSELoss, 1, SCORES, "teacher's embeddings as labels"),
        (losses.MarginMSELoss, 4, SCORES, r"2 margin\(s\) or 3 teacher scores"),
        (losses.DistillKLDivLoss, 3, TEACHER, "one teacher score a document, 2 a row"),
        (lambda m: losses.SoftmaxLoss(m, 32, 2), 2, CLASSES, "labels go from 0 to 2"),
        (losses.CosineSimilarityLoss, 2, SCORES * torch.nan, "is not a number"),
        (lambda m: losses.MatryoshkaLoss(m, losses.CoSENTLoss(m), [64]), 2, SCORES, "asks for 64 dimensions"),
    ],
)
def test_a_batch_that_does_not_fit_ends_in_a_sentence(
    build: Any, columns: int, labels: Tensor | None, sentence: str, dense: Both
) -> None:
    with pytest.raises(ValueError, match=sentence):
        build(dense.ours)(tokens(dense.ours, columns), labels)

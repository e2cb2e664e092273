"""Dense training: the same weights as Sentence Transformers, and what the trainer adds or refuses."""

import errno
import warnings
from pathlib import Path
from typing import Any

import pytest
import sentence_transformers as reference
import torch
from datasets import Dataset, DatasetDict
from sentence_transformers import losses as reference_losses
from sentence_transformers import sampler as reference_sampler
from torch.utils.data import ConcatDataset

from outrider.encoders import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
    TrainingError,
    losses,
    sampler,
)
from outrider.encoders.losses.errors import LossError


def weights(model: Any) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def assert_same_weights(ours: Any, theirs: Any) -> None:
    for mine, other in zip(weights(ours), weights(theirs), strict=True):
        torch.testing.assert_close(mine, other, atol=1e-4, rtol=1e-4)


def train_both(folder: str, options: dict[str, Any], data: Any, loss: str, **extra: Any) -> tuple[Any, Any]:
    """Both libraries' models after the same run."""
    trained = []
    for library, their_losses, cls, arguments in (
        (SentenceTransformer, losses, SentenceTransformerTrainer, SentenceTransformerTrainingArguments),
        (
            reference.SentenceTransformer,
            reference_losses,
            reference.SentenceTransformerTrainer,
            reference.SentenceTransformerTrainingArguments,
        ),
    ):
        model: Any = library(folder, device="cpu")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer: Any = cls(
                model=model,
                args=arguments(**{**options, **extra}),
                train_dataset=data,
                loss=getattr(their_losses, loss)(model),
            )
            trainer.train()
        trained.append(model)
    return trained[0], trained[1]


def test_no_duplicates_makes_the_same_batches(pairs: Dataset) -> None:
    data = Dataset.from_dict({"a": pairs["anchor"], "b": [text[:3] for text in pairs["positive"]]})
    made = []
    for library in (sampler, reference_sampler):
        one = library.NoDuplicatesBatchSampler(data, 8, False, generator=torch.Generator(), seed=3)
        one.set_epoch(2)
        made.append([list(batch) for batch in one])
    assert made[0] == made[1]


@pytest.mark.parametrize("turns", [sampler.ProportionalBatchSampler, sampler.RoundRobinBatchSampler])
def test_several_datasets_have_other_batches_in_every_epoch(turns: Any, pairs: Dataset) -> None:
    parts, generator = [pairs.select(range(40)), pairs.select(range(40, 64))], torch.Generator()
    rows = [sampler.NoDuplicatesBatchSampler(part, 8, False, generator=generator) for part in parts]
    one = turns(ConcatDataset(parts), rows, generator=generator, seed=3)  # type: ignore[arg-type]
    made = []
    for epoch in (0, 1, 0):
        one.set_epoch(epoch)
        made.append([sorted(batch) for batch in one])
    assert made[0] == made[2]
    assert not {str(batch) for batch in made[0]} & {str(batch) for batch in made[1]}


def test_fifty_steps_end_in_the_same_weights(
    backbones: dict[str, str], pairs: Dataset, options: dict[str, Any]
) -> None:
    ours, theirs = train_both(backbones["bert"], options, pairs, "MultipleNegativesRankingLoss")
    assert_same_weights(ours, theirs)
    assert any(
        (mine - start).abs().max() > 1e-3
        for mine, start in zip(weights(ours), weights(SentenceTransformer(backbones["bert"])), strict=True)
    )


@pytest.mark.parametrize("seed", [0, 12])
def test_fifty_steps_without_duplicates_end_in_the_same_weights(
    seed: int, backbones: dict[str, str], pairs: Dataset, options: dict[str, Any]
) -> None:
    # Repeated answers: the sampler has rows to hold back, and the last batches of an epoch are smaller.
    repeated = Dataset.from_dict({"anchor": pairs["anchor"], "positive": [text[:4] for text in pairs["positive"]]})
    extra = {"batch_sampler": "no_duplicates", "seed": seed}
    assert_same_weights(*train_both(backbones["bert"], options, repeated, "MultipleNegativesRankingLoss", **extra))


@pytest.mark.parametrize("turns", ["proportional", "round_robin"])
def test_several_datasets_without_duplicates_take_the_same_batches(
    turns: str, backbones: dict[str, str], pairs: Dataset, options: dict[str, Any]
) -> None:
    # One epoch: after it, Sentence Transformers 5.2 gives every dataset the same batches again, which ours does not.
    data = DatasetDict({"a": pairs.select(range(40)), "b": pairs.select(range(40, 64))})
    extra = {"multi_dataset_batch_sampler": turns, "max_steps": 6, "batch_sampler": "no_duplicates"}
    assert_same_weights(*train_both(backbones["bert"], options, data, "MultipleNegativesRankingLoss", **extra))


@pytest.mark.parametrize("turns", ["proportional", "round_robin"])
def test_several_datasets_take_the_same_turns(
    turns: str, backbones: dict[str, str], scored: Dataset, options: dict[str, Any]
) -> None:
    data = DatasetDict({"a": scored.select(range(40)), "b": scored.select(range(40, 64))})
    prompts = {"a": "query: ", "b": {"two": "document: "}}
    extra = {"multi_dataset_batch_sampler": turns, "max_steps": 20, "prompts": prompts}
    assert_same_weights(*train_both(backbones["bert"], options, data, "CosineSimilarityLoss", **extra))


def test_an_interrupted_run_resumes_to_the_same_weights(
    backbones: dict[str, str], scored: Dataset, options: dict[str, Any]
) -> None:
    def run(**extra: Any) -> tuple[Any, Any]:
        model = SentenceTransformer(backbones["bert"], device="cpu")
        args = SentenceTransformerTrainingArguments(**{**options, "max_steps": 12, **extra})
        trainer = SentenceTransformerTrainer(model, args, scored, loss=losses.CosineSimilarityLoss(model))
        return model, trainer

    model, trainer = run(save_strategy="steps", save_steps=5)
    trainer.train()
    again, trainer = run(save_strategy="steps", save_steps=5)
    trainer.train(resume_from_checkpoint=str(Path(options["output_dir"]) / "checkpoint-5"))
    assert_same_weights(again, model)


def test_rates_follow_the_parameter_names(backbones: dict[str, str], scored: Dataset, options: dict[str, Any]) -> None:
    model = SentenceTransformer(backbones["bert"], device="cpu")
    before = model.state_dict()["0.auto_model.embeddings.word_embeddings.weight"].clone()
    args = SentenceTransformerTrainingArguments(**{**options, "max_steps": 3}, learning_rate_mapping={"embeddings": 0})
    SentenceTransformerTrainer(model, args, scored, loss=losses.CosineSimilarityLoss(model)).train()
    torch.testing.assert_close(model.state_dict()["0.auto_model.embeddings.word_embeddings.weight"], before)


def test_accumulation_bf16_and_rows_of_like_length(
    backbones: dict[str, str], scored: Dataset, options: dict[str, Any]
) -> None:
    model = SentenceTransformer(backbones["bert"], device="cpu")
    args = SentenceTransformerTrainingArguments(
        **{**options, "max_steps": 3},
        gradient_accumulation_steps=2,
        bf16=True,
        batch_sampler="token_length",
    )
    trainer = SentenceTransformerTrainer(model, args, scored, loss=losses.CosineSimilarityLoss(model))
    assert trainer.train().global_step == 3


def test_recomputed_activations_end_in_the_same_weights(
    backbones: dict[str, str], scored: Dataset, options: dict[str, Any]
) -> None:
    models = []
    for recomputed in (False, True):
        model = SentenceTransformer(backbones["bert"], device="cpu")
        args = SentenceTransformerTrainingArguments(**{**options, "max_steps": 5}, activation_checkpointing=recomputed)
        SentenceTransformerTrainer(model, args, scored, loss=losses.CosineSimilarityLoss(model)).train()
        models.append(model)
    recomputing = [sum(getattr(part, "gradient_checkpointing", False) for part in model.modules()) for model in models]
    assert recomputing[0] == 0
    assert recomputing[1] > 0
    assert_same_weights(*models)


def test_the_tokenizer_may_be_given_by_its_older_name(
    backbones: dict[str, str], scored: Dataset, options: dict[str, Any]
) -> None:
    model = SentenceTransformer(backbones["bert"], device="cpu")
    args = SentenceTransformerTrainingArguments(**options)
    with pytest.warns(DeprecationWarning, match="processing_class"):
        trainer = SentenceTransformerTrainer(
            model, args, scored, loss=losses.CosineSimilarityLoss(model), tokenizer=model.tokenizer
        )
    assert trainer.processing_class is model.tokenizer


def test_the_best_weights_come_back(backbones: dict[str, str], scored: Dataset, options: dict[str, Any]) -> None:
    model = SentenceTransformer(backbones["bert"], device="cpu")
    args = SentenceTransformerTrainingArguments(
        **{**options, "max_steps": 6, "save_strategy": "steps", "save_steps": 2},
        eval_strategy="steps",
        eval_steps=2,
        load_best_model_at_end=True,
    )
    loss = losses.CosineSimilarityLoss(model)
    trainer = SentenceTransformerTrainer(model, args, scored, scored.select(range(16)), loss)
    trainer.train()
    assert trainer.evaluate()["eval_loss"] == pytest.approx(trainer.state.best_metric, abs=1e-5)


def test_a_dataset_that_does_not_fit_ends_in_a_sentence(
    backbones: dict[str, str], scored: Dataset, pairs: Dataset, options: dict[str, Any]
) -> None:
    model = SentenceTransformer(backbones["bert"], device="cpu")
    args = SentenceTransformerTrainingArguments(**options)
    with pytest.raises(TrainingError, match="has no rows"):
        SentenceTransformerTrainer(model, args, scored.select([]))
    with pytest.raises(TrainingError, match="the trainer uses itself"):
        SentenceTransformerTrainer(model, args, scored.rename_column("one", "dataset_name"))
    with pytest.raises(TrainingError, match="no loss"):
        SentenceTransformerTrainer(model, args, DatasetDict({"a": pairs}), loss={"b": losses.CoSENTLoss(model)})
    with pytest.raises(TrainingError, match="eval_dataset or an evaluator"):
        SentenceTransformerTrainer(
            model, SentenceTransformerTrainingArguments(**options, eval_strategy="steps"), scored
        )
    with pytest.raises(LossError, match="label"):
        SentenceTransformerTrainer(model, args, pairs, loss=losses.CosineSimilarityLoss(model)).train()


class Undefined(torch.nn.Module):
    """A loss of the user's own, whose value is not a number."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, features: Any, labels: Any) -> Any:  # noqa: ARG002
        return self.model(features[0])["sentence_embedding"].sum() * float("nan")


def test_a_loss_that_is_no_number_stops_the_run(
    backbones: dict[str, str], scored: Dataset, options: dict[str, Any]
) -> None:
    model = SentenceTransformer(backbones["bert"], device="cpu")
    with pytest.raises(TrainingError, match="NaN at step 0"):
        SentenceTransformerTrainer(
            model, SentenceTransformerTrainingArguments(**options), scored, loss=Undefined
        ).train()


def test_a_full_disk_is_told_as_such(
    backbones: dict[str, str], scored: Dataset, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = SentenceTransformer(backbones["bert"], device="cpu")
    trainer = SentenceTransformerTrainer(model, SentenceTransformerTrainingArguments(**options), scored)

    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(model), "save_pretrained", full)
    with pytest.raises(TrainingError, match="the disk is full"):
        trainer.save_model()

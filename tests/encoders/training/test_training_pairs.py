"""The training pairs of the migration guide and of the notes of version 4, as written there; `fit` has its own file.

Only hub names are adapted: models are local and tiny, data are made here.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset, DatasetDict
from torch.utils.data import BatchSampler, ConcatDataset, DataLoader, RandomSampler

from outrider.encoders import (
    CrossEncoder,
    CrossEncoderTrainer,
    CrossEncoderTrainingArguments,
    InputExample,
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
    losses,
    models,
)
from outrider.encoders.cross_encoder import evaluation
from outrider.encoders.cross_encoder.losses import BinaryCrossEntropyLoss, CachedMultipleNegativesRankingLoss
from outrider.encoders.datasets import (
    DenoisingAutoEncoderDataset,
    NoDuplicatesDataLoader,
    ParallelSentencesDataset,
    SentenceLabelDataset,
)
from outrider.encoders.losses import MultipleNegativesRankingLoss
from outrider.encoders.sampler import DefaultBatchSampler, MultiDatasetDefaultBatchSampler
from outrider.encoders.training_args import BatchSamplers

from .conftest import sentences
from .test_dense_trainer import assert_same_weights

Made = Any


@dataclass(frozen=True)
class World:
    """Local models, and the arguments of a short run."""

    dense: str
    reranker: str
    options: dict[str, Any]
    folder: Path

    def args(self, **more: Any) -> SentenceTransformerTrainingArguments:
        return SentenceTransformerTrainingArguments(**{**self.options, **more})

    def model(self) -> SentenceTransformer:
        return SentenceTransformer(self.dense, device="cpu")


@pytest.fixture
def world(
    backbones: dict[str, str],
    reranker_folder: str,
    options: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    monkeypatch.chdir(tmp_path)
    return World(backbones["bert"], reranker_folder, {**options, "max_steps": 4}, tmp_path)


TRIPLETS = {"anchor": sentences(32, 1), "positive": sentences(32, 2), "negative": sentences(32, 3)}


def quietly(run: Callable[[], Any]) -> Any:
    with pytest.warns(DeprecationWarning):  # noqa: PT030 -- each form has its own words, tested elsewhere
        return run()


# From version 2 to 3.


def dense_flow_old(world: World) -> Made:
    model = world.model()
    train_examples = [
        InputExample(
            texts=["A person on a horse jumps.", "A person is outdoors, on a horse.", "A person is at a diner."]
        ),
        InputExample(texts=["Children smiling at camera", "There are children present", "The kids are frowning"]),
    ]
    train_dataloader = DataLoader(train_examples, shuffle=True, batch_size=16)  # type: ignore[arg-type]
    train_loss = losses.MultipleNegativesRankingLoss(model)
    model.fit(train_objectives=[(train_dataloader, train_loss)], epochs=1, warmup_steps=0)
    model.save_pretrained("models/mpnet-base-all-nli")
    return model


def dense_flow_new(world: World) -> Made:
    model = world.model()
    dataset = DatasetDict({"train": Dataset.from_dict(TRIPLETS), "dev": Dataset.from_dict(TRIPLETS)})
    train_dataset = dataset["train"].select(range(10))
    eval_dataset = dataset["dev"].select(range(10))
    loss = MultipleNegativesRankingLoss(model)
    trainer = SentenceTransformerTrainer(
        model=model, args=world.args(), train_dataset=train_dataset, eval_dataset=eval_dataset, loss=loss
    )
    trainer.train()
    model.save_pretrained("models/mpnet-base-all-nli")
    return model


def parallel_old(world: World) -> Made:
    model, teacher = world.model(), world.model()
    data = ParallelSentencesDataset(student_model=model, teacher_model=teacher)
    data.add_dataset([[one, two] for one, two in zip(TRIPLETS["anchor"], TRIPLETS["positive"], strict=True)])
    model.fit([(DataLoader(data, batch_size=8), losses.MSELoss(model))], warmup_steps=0)
    return model


def parallel_new(world: World) -> Made:
    model, teacher = world.model(), world.model()
    english, other = TRIPLETS["anchor"], TRIPLETS["positive"]
    data = Dataset.from_dict({"english": english, "other": other, "label": teacher.encode(english).tolist()})
    SentenceTransformerTrainer(model, world.args(), data, loss=losses.MSELoss(model)).train()
    return model


def by_label_old(world: World) -> Made:
    model = world.model()
    rows = [InputExample(texts=[text], label=number % 4) for number, text in enumerate(TRIPLETS["anchor"])]
    loader: Any = DataLoader(SentenceLabelDataset(rows), batch_size=8)
    model.fit([(loader, losses.BatchAllTripletLoss(model))], warmup_steps=0)
    return model


def by_label_new(world: World) -> Made:
    model = world.model()
    data = Dataset.from_dict({"text": TRIPLETS["anchor"], "label": [number % 4 for number in range(32)]})
    args = world.args(batch_sampler=BatchSamplers.GROUP_BY_LABEL)
    SentenceTransformerTrainer(model, args, data, loss=losses.BatchAllTripletLoss(model)).train()
    return model


def denoising_old(world: World) -> Made:
    model = world.model()
    data = DenoisingAutoEncoderDataset(TRIPLETS["anchor"])
    loss = losses.DenoisingAutoEncoderLoss(model, decoder_name_or_path=world.dense)
    model.fit([(DataLoader(data, batch_size=8), loss)], warmup_steps=0)
    return model


def denoising_new(world: World) -> Made:
    model = world.model()
    noise = DenoisingAutoEncoderDataset.delete
    data = Dataset.from_dict({"text": TRIPLETS["anchor"]}).map(lambda row: {"noisy": noise(row["text"])})
    loss = losses.DenoisingAutoEncoderLoss(model, decoder_name_or_path=world.dense)
    SentenceTransformerTrainer(model, world.args(), data.select_columns(["noisy", "text"]), loss=loss).train()
    return model


def no_duplicates_old(world: World) -> Made:
    model = world.model()
    pairs = zip(TRIPLETS["anchor"], TRIPLETS["positive"], strict=True)
    loader = NoDuplicatesDataLoader([InputExample(texts=list(pair)) for pair in pairs], batch_size=8)
    model.fit([(loader, losses.MultipleNegativesRankingLoss(model))], warmup_steps=0)
    return model


def no_duplicates_new(world: World) -> Made:
    model = world.model()
    args = world.args(batch_sampler=BatchSamplers.NO_DUPLICATES)
    loss = losses.MultipleNegativesRankingLoss(model)
    SentenceTransformerTrainer(model, args, Dataset.from_dict(TRIPLETS), loss=loss).train()
    return model


# From version 3 to 4, and the notes of 4.0.1.


def reranker_flow_old(world: World) -> Made:
    model = CrossEncoder(world.reranker, device="cpu")
    train_examples = [
        InputExample(texts=["What are pandas?", "The giant panda ..."], label=1),
        InputExample(texts=["What's a panda?", "Mount Vesuvius is a ..."], label=0),
    ]
    train_dataloader = DataLoader(train_examples, shuffle=True, batch_size=16)  # type: ignore[arg-type]
    model.fit(train_dataloader=train_dataloader, epochs=1, warmup_steps=0)
    return model


def reranker_flow_new(world: World) -> Made:
    model = CrossEncoder(world.reranker, device="cpu")
    dataset = Dataset.from_dict(TRIPLETS)

    def triplet_to_labeled_pair(batch: Any) -> Any:
        anchors, positives, negatives = batch["anchor"], batch["positive"], batch["negative"]
        return {
            "sentence_A": anchors * 2,
            "sentence_B": positives + negatives,
            "labels": [1] * len(positives) + [0] * len(negatives),
        }

    dataset = dataset.map(triplet_to_labeled_pair, batched=True, remove_columns=dataset.column_names)
    train_dataset, eval_dataset = dataset.select(range(20)), dataset.select(range(20, 24))
    loss = BinaryCrossEntropyLoss(model)
    trainer = CrossEncoderTrainer(
        model=model,
        args=CrossEncoderTrainingArguments(**world.options),
        train_dataset=train_dataset,
        eval_dataset=eval_dataset,
        loss=loss,
    )
    trainer.train()
    assert trainer.evaluate()["eval_loss"] > 0
    model.save_pretrained("models/mpnet-base-hotpotqa")
    return model


def losses_by_dataset(world: World) -> Made:
    model = CrossEncoder(world.reranker, device="cpu")
    data = Dataset.from_dict(TRIPLETS)
    sentences_ = {"sentence1": TRIPLETS["anchor"], "sentence2": TRIPLETS["positive"], "label": [0.5] * 32}
    train_dataset = DatasetDict(
        {
            "natural_questions": data.select_columns(["anchor", "positive"]),
            "gooaq": data,
            "stsb": Dataset.from_dict(sentences_),
        }
    )
    loss = {
        "natural_questions": CachedMultipleNegativesRankingLoss(model),
        "gooaq": CachedMultipleNegativesRankingLoss(model),
        "stsb": BinaryCrossEntropyLoss(model),
    }
    seen = set()
    for name, one in loss.items():
        one.register_forward_hook(lambda *_, name=name: seen.add(name))
    args = CrossEncoderTrainingArguments(**{**world.options, "max_steps": 12})
    CrossEncoderTrainer(model=model, args=args, train_dataset=train_dataset, loss=loss).train()
    assert seen == set(loss)
    return model


# From version 4 to 5.


def asym_model(world: World, kind: Any) -> Any:
    model = world.model()
    model.add_module("router", kind({"query": [models.Dense(32, 32)], "document": [models.Dense(32, 32)]}))
    return model


def asym_training_old(world: World) -> Made:
    with pytest.warns(DeprecationWarning, match="Router"):
        model = asym_model(world, models.Asym)
    train_dataset = Dataset.from_dict({"question": TRIPLETS["anchor"], "answer": TRIPLETS["positive"]})

    def mapper(sample: Any) -> Any:
        return {"question": {"query": sample["question"]}, "answer": {"document": sample["answer"]}}

    train_dataset = train_dataset.map(mapper)
    assert train_dataset[0]["question"] == {"query": TRIPLETS["anchor"][0]}
    loss = MultipleNegativesRankingLoss(model)
    SentenceTransformerTrainer(model=model, args=world.args(), train_dataset=train_dataset, loss=loss).train()
    return model


def router_training_new(world: World) -> Made:
    model = asym_model(world, models.Router)
    train_dataset = Dataset.from_dict({"question": TRIPLETS["anchor"], "answer": TRIPLETS["positive"]})
    args = world.args(router_mapping={"question": "query", "answer": "document"})
    loss = MultipleNegativesRankingLoss(model)
    SentenceTransformerTrainer(model=model, args=args, train_dataset=train_dataset, loss=loss).train()
    return model


class Backwards(DefaultBatchSampler):
    """Rows from the last to the first."""

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int,
        drop_last: bool,
        valid_label_columns: list[str] | None = None,
        generator: torch.Generator | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(dataset, batch_size, drop_last, valid_label_columns, generator, seed)
        self.rows = len(dataset)

    def __iter__(self) -> Any:
        rows = list(range(self.rows))[::-1]
        yield from (rows[start : start + self.batch_size] for start in range(0, self.rows, self.batch_size))


def with_trainer(world: World, cls: Any, data: Any, **args: Any) -> Made:
    model = world.model()
    trainer = cls(model=model, args=world.args(**args), train_dataset=data, loss=MultipleNegativesRankingLoss(model))
    trainer.train()
    return model


def batch_sampler_by_subclass(world: World) -> Made:
    class CustomSentenceTransformerTrainer(SentenceTransformerTrainer):
        def get_batch_sampler(
            self, dataset: Any, batch_size: int, drop_last: bool, valid_label_columns: Any = None,
            generator: Any = None, seed: int = 0,
        ) -> Any:  # fmt: skip
            return Backwards(dataset, batch_size, drop_last, valid_label_columns, generator, seed)

    return with_trainer(world, CustomSentenceTransformerTrainer, Dataset.from_dict(TRIPLETS))


def batch_sampler_by_class(world: World) -> Made:
    return with_trainer(world, SentenceTransformerTrainer, Dataset.from_dict(TRIPLETS), batch_sampler=Backwards)


def batch_sampler_by_function(world: World) -> Made:
    def custom_batch_sampler(
        dataset: Dataset,
        batch_size: int,
        drop_last: bool,
        valid_label_columns: list[str] | None = None,
        generator: torch.Generator | None = None,
        seed: int = 0,
    ) -> BatchSampler:
        return Backwards(dataset, batch_size, drop_last, valid_label_columns, generator, seed)

    data = Dataset.from_dict(TRIPLETS)
    return with_trainer(world, SentenceTransformerTrainer, data, batch_sampler=custom_batch_sampler)


class LastFirst(MultiDatasetDefaultBatchSampler):
    """All batches of the last dataset, then those of the one before."""

    def __iter__(self) -> Any:
        for offset, sampler in reversed(list(zip(self.offsets(), self.batch_samplers, strict=True))):
            for batch in sampler:
                yield [offset + row for row in batch]

    def __len__(self) -> int:
        return sum(len(sampler) for sampler in self.batch_samplers)


def two_datasets() -> DatasetDict:
    data = Dataset.from_dict(TRIPLETS)
    return DatasetDict({"a": data.select(range(16)), "b": data.select(range(16, 32))})


def turns_by_subclass(world: World) -> Made:
    class CustomSentenceTransformerTrainer(SentenceTransformerTrainer):
        def get_multi_dataset_batch_sampler(
            self, dataset: Any, batch_samplers: Any, generator: Any = None, seed: int | None = 0
        ) -> Any:
            return LastFirst(dataset, batch_samplers, generator, seed or 0)

    return with_trainer(world, CustomSentenceTransformerTrainer, two_datasets())


def turns_by_class(world: World) -> Made:
    return with_trainer(world, SentenceTransformerTrainer, two_datasets(), multi_dataset_batch_sampler=LastFirst)


def turns_by_function(world: World) -> Made:
    def custom_batch_sampler(
        dataset: ConcatDataset[Any],
        batch_samplers: list[BatchSampler],
        generator: torch.Generator | None = None,
        seed: int = 0,
    ) -> BatchSampler:
        return LastFirst(dataset, batch_samplers, generator, seed)

    return with_trainer(
        world, SentenceTransformerTrainer, two_datasets(), multi_dataset_batch_sampler=custom_batch_sampler
    )


class OneValue(torch.nn.Module):
    """A loss of two parts, added up by itself."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def parts(self, features: Any) -> tuple[torch.Tensor, torch.Tensor]:
        one, two = (self.model(column)["sentence_embedding"] for column in features[:2])
        return (one - two).pow(2).mean(), one.pow(2).mean() * 0.1

    def forward(self, features: Any, labels: Any) -> Any:  # noqa: ARG002
        return sum(self.parts(features))


class SeveralValues(OneValue):
    """The same, its parts by name."""

    def forward(self, features: Any, labels: Any) -> Any:  # noqa: ARG002
        return dict(zip(("near", "small"), self.parts(features), strict=True))


def one_value(world: World) -> Made:
    model = world.model()
    SentenceTransformerTrainer(model, world.args(), Dataset.from_dict(TRIPLETS), loss=OneValue(model)).train()
    return model


def several_values(world: World) -> Made:
    model = world.model()
    args = world.args(logging_steps=2)
    trainer = SentenceTransformerTrainer(model, args, Dataset.from_dict(TRIPLETS), loss=SeveralValues(model))
    trainer.train()
    logged = [entry for entry in trainer.state.log_history if "near" in entry]
    assert len(logged) == 2
    for entry in logged:
        assert entry["near"] + entry["small"] == pytest.approx(entry["loss"], abs=1e-3)
    return model


def rates_by_name(world: World) -> Made:
    model = world.model()
    learning_rate_mapping = {"embeddings": 0.0, r"encoder\.layer\.1": 1e-2}
    args = world.args(learning_rate=1e-5, learning_rate_mapping=learning_rate_mapping)
    loss = MultipleNegativesRankingLoss(model)
    trainer = SentenceTransformerTrainer(model=model, args=args, train_dataset=Dataset.from_dict(TRIPLETS), loss=loss)
    trainer.train()
    before = dict(world.model().named_parameters())
    moved = {name: float((value - before[name]).detach().abs().max()) for name, value in model.named_parameters()}
    assert max(value for name, value in moved.items() if "embeddings" in name) == 0
    assert max(value for name, value in moved.items() if "layer.0" in name) < 1e-4
    assert max(value for name, value in moved.items() if "layer.1" in name) > 1e-3
    return model


# What both forms must end in: equal weights, or only some training.
Same = tuple[Callable[[World], Made], ...]
EQUAL: dict[str, Same] = {
    "Asym training -> Router training": (asym_training_old, router_training_new),
    "custom batch sampler": (batch_sampler_by_subclass, batch_sampler_by_class, batch_sampler_by_function),
    "custom multi-dataset batch sampler": (turns_by_subclass, turns_by_class, turns_by_function),
    "composite losses": (one_value, several_values),
}
ALONE: dict[str, tuple[Callable[[World], Made], bool]] = {
    "old and new training flow (dense), old": (dense_flow_old, True),
    "old and new training flow (dense), new": (dense_flow_new, False),
    "ParallelSentencesDataset, old": (parallel_old, True),
    "ParallelSentencesDataset, new": (parallel_new, False),
    "SentenceLabelDataset, old": (by_label_old, True),
    "SentenceLabelDataset, new": (by_label_new, False),
    "DenoisingAutoEncoderDataset, old": (denoising_old, True),
    "DenoisingAutoEncoderDataset, new": (denoising_new, False),
    "NoDuplicatesDataLoader, old": (no_duplicates_old, True),
    "NoDuplicatesDataLoader, new": (no_duplicates_new, False),
    "old and new training flow (reranker), old": (reranker_flow_old, True),
    "old and new training flow (reranker), new; notes of 4.0.1": (reranker_flow_new, False),
    "notes of 4.0.1: a loss for each dataset": (losses_by_dataset, False),
    "custom learning rate for sections": (rates_by_name, False),
}


@pytest.mark.parametrize("name", EQUAL)
def test_all_forms_end_in_the_same_weights(name: str, world: World) -> None:
    trained = []
    for form in EQUAL[name]:
        torch.manual_seed(3)
        trained.append(form(world))
    for other in trained[1:]:
        assert_same_weights(trained[0], other)


@pytest.mark.parametrize("name", ALONE)
def test_a_form_trains(name: str, world: World) -> None:
    form, is_old = ALONE[name]
    with warnings.catch_warnings():
        if "Denoising" in name:
            # transformers says that the decoder is new.
            warnings.simplefilter("ignore", UserWarning)
        model = quietly(lambda: form(world)) if is_old else form(world)
    folder = world.reranker if isinstance(model, CrossEncoder) else world.dense
    before = dict(type(model)(folder, device="cpu").named_parameters())
    assert any((value - before[key]).abs().max() > 1e-6 for key, value in model.named_parameters())


PAIRS_OF_TEXTS = list(zip(TRIPLETS["anchor"], TRIPLETS["positive"], strict=True))
EVALUATORS = {
    "CEBinaryAccuracyEvaluator": ("CrossEncoderClassificationEvaluator", [number % 2 for number in range(32)]),
    "CEBinaryClassificationEvaluator": ("CrossEncoderClassificationEvaluator", [number % 2 for number in range(32)]),
    "CEF1Evaluator": ("CrossEncoderClassificationEvaluator", [number % 2 for number in range(32)]),
    "CESoftmaxAccuracyEvaluator": ("CrossEncoderClassificationEvaluator", [number % 2 for number in range(32)]),
    "CECorrelationEvaluator": ("CrossEncoderCorrelationEvaluator", [number / 32 for number in range(32)]),
}


@pytest.mark.parametrize("old", EVALUATORS)
def test_an_evaluator_by_its_old_name_gives_the_same(old: str, world: World) -> None:
    new, labels = EVALUATORS[old]
    model = CrossEncoder(world.reranker, device="cpu")
    with pytest.warns(DeprecationWarning, match=new) as caught:
        evaluator = getattr(evaluation, old)(PAIRS_OF_TEXTS, labels, write_csv=False)
    assert caught[0].filename == __file__
    assert evaluator(model) == getattr(evaluation, new)(PAIRS_OF_TEXTS, labels, write_csv=False)(model)


def test_the_reranking_evaluator_by_its_old_name_gives_the_same(world: World) -> None:
    samples = [
        {"query": anchor, "positive": [positive], "negative": TRIPLETS["negative"][:5]}
        for anchor, positive in PAIRS_OF_TEXTS[:4]
    ]
    model = CrossEncoder(world.reranker, device="cpu")
    with pytest.warns(DeprecationWarning, match="CrossEncoderRerankingEvaluator") as caught:
        evaluator = evaluation.CERerankingEvaluator(samples, write_csv=False)
    assert caught[0].filename == __file__
    assert evaluator(model) == evaluation.CrossEncoderRerankingEvaluator(samples, write_csv=False)(model)


def test_the_default_sampler_is_torchs(world: World) -> None:
    data = Dataset.from_dict(TRIPLETS)
    first = torch.Generator().manual_seed(2)
    second = torch.Generator().manual_seed(2)
    ours = list(DefaultBatchSampler(data, 5, True, generator=first))
    assert ours == list(BatchSampler(RandomSampler(data, generator=second), 5, True))  # type: ignore[arg-type]
    assert np.unique(ours).size == 30

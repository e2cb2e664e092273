"""Rows that say which of several datasets they are from, as Sentence Transformers' trainer has them say it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sentence_transformers
from datasets import Dataset, DatasetDict, IterableDatasetDict

from outrider import encoders
from outrider.encoders import TrainingError

Make = Callable[..., tuple[Any, Any]]


@pytest.fixture
def trainers(backbones: dict[str, str], options: dict[str, Any], scored: Dataset) -> Make:
    """The trainer of each library with a loss for each of two datasets, or one for both."""

    def make(*, loss_by_name: bool = False) -> tuple[Any, Any]:
        made = []
        for library in (encoders, sentence_transformers):
            model: Any = library.SentenceTransformer(backbones["bert"], device="cpu")
            args = library.SentenceTransformerTrainingArguments(**options)
            one = library.losses.CosineSimilarityLoss(model)
            loss: Any = {"left": one, "right": one} if loss_by_name else one
            made.append(library.SentenceTransformerTrainer(model, args, two(scored), loss=loss))
        return made[0], made[1]

    return make


def two(scored: Dataset) -> DatasetDict:
    return DatasetDict({"left": scored.select(range(8)), "right": scored.select(range(8, 20))})


def rows(data: Any) -> Any:
    return {name: list(part) for name, part in data.items()} if isinstance(data, dict) else list(data)


@pytest.mark.parametrize("loss_by_name", [False, True])
@pytest.mark.parametrize(
    "chosen_by",
    [
        {},
        {"prompts": "one for all: "},
        {"prompts": {"left": "of the left: "}},
        {"router_mapping": {"one": "query"}},
        {"router_mapping": {"left": {"one": "query"}}},
    ],
)
def test_names_are_in_the_rows_where_they_matter(
    trainers: Make, scored: Dataset, loss_by_name: bool, chosen_by: dict[str, Any]
) -> None:
    ours, theirs = trainers(loss_by_name=loss_by_name)
    wanted = rows(theirs.preprocess_dataset(two(scored), **chosen_by))
    assert rows(ours.preprocess_dataset(two(scored), **chosen_by)) == wanted
    assert rows(ours.maybe_add_dataset_name_column(two(scored), **chosen_by)) == wanted
    by_name = loss_by_name or any(isinstance(value, dict) and "left" in value for value in chosen_by.values())
    assert ("dataset_name" in wanted["left"][0]) == by_name


def test_one_dataset_needs_no_name_but_can_have_one(trainers: Make, scored: Dataset) -> None:
    for trainer in trainers(loss_by_name=True):
        assert trainer.preprocess_dataset(None) is None
        assert rows(trainer.preprocess_dataset(scored, prompts={"one": "a: "}, dataset_name="left")) == rows(scored)
        assert rows(trainer.add_dataset_name_column(scored.select([0]))) == rows(scored.select([0]))
        named = trainer.add_dataset_name_column(scored.select([0, 1]), "left")
        assert [row["dataset_name"] for row in named] == ["left", "left"]


def test_a_transform_of_ones_own_still_runs_and_the_dataset_given_stays_as_it_is(
    trainers: Make, scored: Dataset
) -> None:
    def shout(batch: dict[str, Any]) -> dict[str, Any]:
        return {**batch, "one": [text.upper() for text in batch["one"]]}

    upper = scored.select(range(3)).with_transform(shout)
    for trainer in trainers():
        named = trainer.add_dataset_name_column(upper.select(range(3)), "left")
        assert [row["one"] for row in named] == [text.upper() for text in scored[:3]["one"]]
        assert named[2]["dataset_name"] == "left"
    assert "dataset_name" not in upper[0]


def test_datasets_that_stream_have_names_too(trainers: Make, scored: Dataset) -> None:
    ours, theirs = trainers()

    def streams() -> IterableDatasetDict:
        return IterableDatasetDict({name: part.to_iterable_dataset() for name, part in two(scored).items()})

    named = ours.add_dataset_name_column(streams())
    assert rows(named) == rows(theirs.add_dataset_name_column(streams()))
    assert set(named["left"].column_names) == {"one", "two", "score", "dataset_name"}


def test_the_transform_itself(trainers: Make) -> None:
    for trainer in trainers():
        add = type(trainer).add_dataset_name_transform
        assert add({"a": [1, 2]}, dataset_name="x") == {"a": [1, 2], "dataset_name": ["x", "x"]}
        assert add({"a": [1, 2]}) == {"a": [1, 2]}
        assert add({"a": []}, dataset_name="x") == {"a": []}
        assert add({}, dataset_name="x") == {}
        assert add({"a": [1]}, "x", lambda batch: {"b": batch["a"]}) == {"b": [1], "dataset_name": ["x"]}


def test_what_cannot_have_a_name_is_told(trainers: Make, scored: Dataset) -> None:
    ours, _ = trainers()
    with pytest.raises(TrainingError, match="the dataset 'left' is a list"):
        ours.add_dataset_name_column([{"one": "a"}], "left")
    with pytest.raises(TrainingError, match="the trainer uses itself"):
        ours.preprocess_dataset(DatasetDict({"left": scored.rename_column("one", "dataset_name")}))


def test_an_override_is_what_the_loader_reads(
    backbones: dict[str, str], options: dict[str, Any], scored: Dataset
) -> None:
    class Louder(encoders.SentenceTransformerTrainer):
        def preprocess_dataset(self, dataset: Any = None, *args: Any, **kwargs: Any) -> Any:
            louder = {name: part.map(lambda row: {"one": "loud " + row["one"]}) for name, part in dataset.items()}
            shouted = DatasetDict(louder)
            return super().preprocess_dataset(shouted, *args, **kwargs)

    model: Any = encoders.SentenceTransformer(backbones["bert"], device="cpu")
    args = encoders.SentenceTransformerTrainingArguments(**options)
    loss = encoders.losses.CosineSimilarityLoss(model)
    trainer = Louder(model, args, two(scored), loss={"left": loss, "right": loss})
    batch = next(iter(trainer.get_train_dataloader()))
    assert batch["dataset_name"] in {"left", "right"}
    wanted = model.tokenize(["loud"])["input_ids"][0, 1:-1].tolist()
    assert batch["one_input_ids"][0, 1 : 1 + len(wanted)].tolist() == wanted


def test_a_card_notes_language_licence_and_tags(trainers: Make) -> None:
    for trainer in trainers():
        trainer.create_model_card(language="de", license="mit", tags=["shop"])
        card = (Path(trainer.args.output_dir) / "README.md").read_text()
        assert "- de" in card
        assert "license: mit" in card
        assert "- shop" in card

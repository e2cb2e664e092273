"""What the trainer takes from its arguments, each shown by what would be different without it."""

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from datasets import Dataset, DatasetDict
from transformers import EarlyStoppingCallback, TrainerCallback

from outrider.encoders import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
    TrainingError,
    losses,
    models,
)
from outrider.encoders.evaluation import EmbeddingSimilarityEvaluator, TripletEvaluator

from .conftest import sentences
from .test_dense_trainer import assert_same_weights
from .test_fit_pairs import STILL
from .test_training_pairs import SeveralValues

LEFT, RIGHT = sentences(16, 1), sentences(16, 2)
SCORES = [index % 5 / 4 for index in range(16)]
Options = dict[str, Any]


def loaded(folder: str) -> SentenceTransformer:
    """The model, without dropout."""
    return SentenceTransformer(folder, device="cpu", config_kwargs=dict(STILL))


def trainer_of(model: Any, options: Options, data: Any = None, **more: Any) -> SentenceTransformerTrainer:
    names = SentenceTransformerTrainingArguments.__dataclass_fields__
    args = {**options, "max_steps": 4, **{key: more.pop(key) for key in list(more) if key in names}}
    if data is None:
        data = Dataset.from_dict({"one": LEFT, "two": RIGHT, "score": SCORES})
    more.setdefault("loss", losses.CosineSimilarityLoss)
    return SentenceTransformerTrainer(model, SentenceTransformerTrainingArguments(**args), data, **more)


class Read(torch.nn.Module):
    """A loss that keeps what each column of its batches said."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model, self.columns, self.tasks = model, list[list[str]](), list[Any]()

    def forward(self, features: Any, labels: Any) -> Any:  # noqa: ARG002
        self.columns.append([self.model.tokenizer.decode(one["input_ids"][0][1:4]) for one in features])
        self.tasks.append([one.get("task") for one in features])
        return sum(self.model(dict(column))["sentence_embedding"].sum() for column in features)


@pytest.mark.parametrize(
    ("prompts", "starts"),
    [
        ("query", {"a": ["query", "query"], "b": ["query", "query"]}),
        ({"one": "query"}, {"a": ["query", ""], "b": ["query", ""]}),
        ({"a": "query", "b": "document"}, {"a": ["query", "query"], "b": ["document", "document"]}),
        ({"a": {"one": "query"}, "b": {"two": "document"}}, {"a": ["query", ""], "b": ["", "document"]}),
    ],
    ids=["text", "by column", "by dataset", "by dataset and column"],
)
def test_prompts(prompts: Any, starts: Any, backbones: dict[str, str], options: Options) -> None:
    model = loaded(backbones["bert"])
    plain = Dataset.from_dict({"one": ["red car"] * 8, "two": ["red car"] * 8})
    given = prompts + " " if isinstance(prompts, str) else prompts
    reading = {"a": Read(model), "b": Read(model)}
    trainer_of(model, options, DatasetDict(a=plain, b=plain), loss=reading, prompts=given).train()
    for name, expected in starts.items():
        columns = reading[name].columns[0]
        said = [next((word for word in ("query", "document") if column.startswith(word)), "") for column in columns]
        assert said == expected


def test_routes_by_dataset(backbones: dict[str, str], options: Options) -> None:
    model = loaded(backbones["bert"])
    model.add_module("router", models.Router({"query": [models.Dense(32, 32)], "document": [models.Dense(32, 32)]}))
    plain = Dataset.from_dict({"one": LEFT, "two": RIGHT})
    routes = {"a": {"one": "query", "two": "document"}, "b": {"one": "document", "two": "document"}}
    reading = {"a": Read(model), "b": Read(model)}
    trainer_of(model, options, DatasetDict(a=plain, b=plain), loss=reading, router_mapping=routes).train()
    assert (reading["a"].tasks[0], reading["b"].tasks[0]) == (["query", "document"], ["document", "document"])
    with pytest.raises(TrainingError, match="need a router_mapping"):
        trainer_of(model, options)


def measuring(name: str) -> EmbeddingSimilarityEvaluator:
    return EmbeddingSimilarityEvaluator(LEFT, RIGHT, SCORES, name=name, write_csv=False)


def metrics_of(backbones: dict[str, str], options: Options, evaluator: Any, eval_data: Any) -> dict[str, float]:
    model = loaded(backbones["bert"])
    trainer = trainer_of(
        model, options, eval_dataset=eval_data, evaluator=evaluator, eval_strategy="steps", eval_steps=4
    )
    trainer.train()
    return {
        key: value for entry in trainer.state.log_history for key, value in entry.items() if key.startswith("eval_")
    }


def test_one_evaluator_a_list_or_one_for_each_dataset(backbones: dict[str, str], options: Options) -> None:
    data = Dataset.from_dict({"one": LEFT, "two": RIGHT, "score": SCORES})
    both = DatasetDict(a=data.select(range(8)), b=data.select(range(8, 16)))
    one = metrics_of(backbones, options, measuring("dev"), None)
    assert "eval_dev_spearman_cosine" in one
    assert "eval_loss" not in one
    triplets = TripletEvaluator(LEFT, RIGHT, LEFT[::-1], name="three", write_csv=False)
    several = metrics_of(backbones, options, [measuring("dev"), triplets], data)
    assert {"eval_dev_spearman_cosine", "eval_three_cosine_accuracy", "eval_sequential_score", "eval_loss"} <= set(
        several
    )
    once = metrics_of(backbones, options, measuring("dev"), both)
    assert {"eval_a_loss", "eval_b_loss", "eval_dev_spearman_cosine"} <= set(once)
    by_dataset = metrics_of(backbones, options, {"a": measuring("x"), "b": measuring("y"), "all": measuring("z")}, both)
    assert {"eval_a_x_spearman_cosine", "eval_b_y_spearman_cosine", "eval_all_z_spearman_cosine"} <= set(by_dataset)


def test_other_data_are_evaluated_by_name(backbones: dict[str, str], options: Options) -> None:
    model = loaded(backbones["bert"])
    data = Dataset.from_dict({"one": LEFT, "two": RIGHT, "score": SCORES})
    both = DatasetDict(a=data, b=data)
    loss = {"a": losses.CosineSimilarityLoss(model), "b": losses.CoSENTLoss(model)}
    trainer = trainer_of(model, options, both, loss=loss)
    found = trainer.evaluate({"b": data})
    assert set(found) >= {"eval_b_loss"}
    assert found["eval_b_loss"] > 1  # CoSENT's, not the cosine's


def test_accumulated_batches_are_one_batch(backbones: dict[str, str], options: Options) -> None:
    trained = []
    for size, parts in ((8, 1), (4, 2)):
        model = loaded(backbones["bert"])
        more = {"per_device_train_batch_size": size, "gradient_accumulation_steps": parts}
        trainer_of(model, options, optim="sgd", **more).train()
        trained.append(model)
    assert_same_weights(*trained)


def dtypes_in(model: Any) -> set[torch.dtype]:
    """Gathers what the first attention of this model computes in from now on."""
    seen: set[torch.dtype] = set()
    linear = model[0].auto_model.encoder.layer[0].attention.self.query
    linear.register_forward_hook(lambda _module, _inputs, output: seen.add(output.dtype))
    return seen


def test_mixed_precision(backbones: dict[str, str], options: Options) -> None:
    model, exact = loaded(backbones["bert"]), loaded(backbones["bert"])
    seen = dtypes_in(model)
    trainer_of(model, options, optim="sgd", bf16=True).train()
    trainer_of(exact, options, optim="sgd").train()
    assert seen == {torch.bfloat16}
    for value, wanted in zip(model.parameters(), exact.parameters(), strict=True):
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, wanted, atol=1e-3, rtol=1e-2)


def test_half_precision_is_for_gpus(
    backbones: dict[str, str], options: Options, caplog: pytest.LogCaptureFixture
) -> None:
    model = loaded(backbones["bert"])
    seen = dtypes_in(model)
    trainer_of(model, options, fp16=True).train()
    assert seen == {torch.float32}
    assert "fp16 does nothing on a CPU; bf16=True" in caplog.text


def test_activations_are_recomputed_by_the_older_name_too(backbones: dict[str, str], options: Options) -> None:
    trained, passes = [], []
    for recomputed in (False, True):
        model = loaded(backbones["bert"])
        count: list[int] = []
        model[0].auto_model.encoder.layer[0].attention.self.query.register_forward_hook(lambda *_, c=count: c.append(1))
        with pytest.warns(FutureWarning, match="activation_checkpointing"):
            trainer = trainer_of(model, options, gradient_checkpointing=recomputed)
        trainer.train()
        trained.append(model)
        passes.append(len(count))
    assert passes[1] == 2 * passes[0]
    assert_same_weights(*trained)


def test_training_stops_early(backbones: dict[str, str], options: Options) -> None:
    more = {"eval_strategy": "steps", "eval_steps": 1, "save_strategy": "steps", "save_steps": 1}
    trainer = trainer_of(
        loaded(backbones["bert"]),
        options,
        max_steps=30,
        learning_rate=0.0,
        evaluator=measuring("dev"),
        load_best_model_at_end=True,
        metric_for_best_model="dev_spearman_cosine",
        greater_is_better=True,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=2)],
        **more,
    )
    assert trainer.train().global_step == 3
    assert trainer.model.model_card_data.best_model_step == 1


@pytest.mark.parametrize("checkpoint", [6, 8, 10])
def test_a_run_resumes_in_any_epoch(checkpoint: int, backbones: dict[str, str], options: Options) -> None:
    # Four batches an epoch, with dropout: order and random numbers must go on where they were.
    more = {"max_steps": 14, "per_device_train_batch_size": 4, "save_strategy": "steps", "save_steps": 2}
    whole, again = (SentenceTransformer(backbones["bert"], device="cpu") for _ in range(2))
    trainer_of(whole, options, **more).train()
    folder = Path(options["output_dir"]) / f"checkpoint-{checkpoint}"
    trainer_of(again, options, **more).train(resume_from_checkpoint=str(folder))
    assert_same_weights(whole, again)


def test_the_log_goes_to_the_integrations(
    backbones: dict[str, str], options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[dict[str, float]] = []

    class Board(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:  # noqa: ARG002
            logged.append(dict(logs))

    known = transformers.integrations.integration_utils.INTEGRATION_TO_CALLBACK
    monkeypatch.setitem(known, "board", Board)
    more = {"report_to": "board", "logging_steps": 2, "loss": SeveralValues}
    trainer_of(loaded(backbones["bert"]), options, **more).train()
    assert [{"loss", "near", "small", "learning_rate"} <= set(entry) for entry in logged] == [True, True, False]


@pytest.mark.parametrize("disabled", [True, False])
def test_progress_is_shown(
    disabled: bool, backbones: dict[str, str], options: Options, capsys: pytest.CaptureFixture[str]
) -> None:
    trainer = trainer_of(loaded(backbones["bert"]), options, disable_tqdm=disabled)
    capsys.readouterr()
    trainer.train()
    assert ("| 4/4 [" in capsys.readouterr().err) is not disabled


@pytest.mark.parametrize(
    ("column", "values", "sentence"),
    [
        ("id", list(range(16)), "column 'id' has .* where a text is needed"),
        ("text", [None] * 16, "column 'text' has None in row 0"),
        ("score", ["high"] * 16, "label column 'score' cannot be read as numbers"),
        ("score", [[1.0]] * 15 + [[1.0, 2.0]], "label column 'score' cannot be read as numbers"),
    ],
)
def test_columns_that_no_loss_can_read(
    column: str, values: Any, sentence: str, backbones: dict[str, str], options: Options
) -> None:
    data = Dataset.from_dict({"one": LEFT, "two": RIGHT, column: values})
    with pytest.raises(TrainingError, match=sentence):
        trainer_of(loaded(backbones["bert"]), options, data, loss=Read, per_device_train_batch_size=16).train()


def test_a_rate_for_no_parameter_is_a_mistake(backbones: dict[str, str], options: Options) -> None:
    with pytest.raises(TrainingError, match="'nothing' is found in no name"):
        trainer_of(loaded(backbones["bert"]), options, learning_rate_mapping={"nothing": 0.1}).train()


def test_arguments_of_transformers_alone_are_refused(backbones: dict[str, str], tmp_path: Path) -> None:
    args = transformers.TrainingArguments(output_dir=str(tmp_path), use_cpu=True)
    with pytest.raises(TrainingError, match="needs SentenceTransformerTrainingArguments"):
        SentenceTransformerTrainer(loaded(backbones["bert"]), args)

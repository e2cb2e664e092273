"""Every keyword of `fit` in the migration guide: the old form and the new one, as written there, end in equal weights.

Models and data are local and tiny, dropout is off, and a batch is all rows, so that the order of rows does not matter.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from torch.utils.data import DataLoader
from transformers import TrainerCallback

from outrider.encoders import (
    CrossEncoder,
    CrossEncoderTrainer,
    CrossEncoderTrainingArguments,
    InputExample,
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
    losses,
)
from outrider.encoders.cross_encoder import losses as cross_losses
from outrider.encoders.cross_encoder.evaluation import CrossEncoderCorrelationEvaluator
from outrider.encoders.evaluation import EmbeddingSimilarityEvaluator

from .conftest import sentences

LEFT, RIGHT = sentences(8, 1), sentences(8, 2)
SCORES = [index % 5 / 4 for index in range(8)]
STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
Settings = dict[str, Any]


@dataclass
class Seen:
    """What a run told its callbacks, and where it may write."""

    folder: Path
    scores: list[tuple[float, int]] = field(default_factory=list)
    steps: int = 0

    def tell(self, score: float, _epoch: float, steps: int) -> None:
        self.scores.append((score, steps))


class Told(TrainerCallback):
    """The new form of `callback`."""

    def __init__(self, seen: Seen, metric: str) -> None:
        self.seen, self.metric = seen, metric

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:  # noqa: ARG002
        self.seen.scores.append((metrics[f"eval_{self.metric}"], state.global_step))


class Counted(torch.nn.Module):
    """A loss that counts its batches."""

    def __init__(self, loss: Any, seen: Seen) -> None:
        super().__init__()
        self.loss, self.seen = loss, seen

    def forward(self, *args: Any) -> Any:
        self.seen.steps += 1
        return self.loss(*args)


@dataclass(frozen=True)
class Pair:
    """Keywords of fit; arguments and keywords of the trainer; what must have happened in both runs."""

    old: Callable[[Seen], Settings]
    arguments: Callable[[Seen], Settings]
    trainer: Callable[[Seen], Settings] = lambda _: {}
    steps: int = 3
    scored_at: tuple[int, ...] = ()
    written: Callable[[Path], bool] = lambda _: True


def dense_evaluator() -> Any:
    return EmbeddingSimilarityEvaluator(LEFT, RIGHT, SCORES, name="dev", write_csv=False)


def cross_evaluator() -> Any:
    pairs = list(zip(LEFT, RIGHT, strict=True))
    return CrossEncoderCorrelationEvaluator(pairs, SCORES, name="dev", write_csv=False)


def shared(evaluator: Callable[[], Any]) -> dict[str, Pair]:
    """The pairs that both kinds of model have."""
    metric = "dev_spearman_cosine" if evaluator is dense_evaluator else "dev_spearman"
    told = lambda seen: {"evaluator": evaluator(), "callbacks": [Told(seen, metric)]}  # noqa: E731
    each = {"eval_strategy": "epoch"}
    return {
        "evaluator": Pair(
            lambda seen: {"evaluator": evaluator(), "callback": seen.tell}, lambda _: each, told, scored_at=(1, 2, 3)
        ),
        "epochs": Pair(lambda _: {"epochs": 2}, lambda _: {"num_train_epochs": 2}, steps=2),
        "scheduler": Pair(lambda _: {"scheduler": "WarmupLinear"}, lambda _: {"lr_scheduler_type": "linear"}),
        "scheduler, another": Pair(lambda _: {"scheduler": "WarmupCosine"}, lambda _: {"lr_scheduler_type": "cosine"}),
        "warmup_steps": Pair(lambda _: {"warmup_steps": 2}, lambda _: {"warmup_steps": 2}),
        "optimizer_class, optimizer_params": Pair(
            lambda _: {"optimizer_class": torch.optim.AdamW, "optimizer_params": {"lr": 3e-3}},
            lambda _: {"optim": "adamw_torch", "optim_args": {"lr": 3e-3}},
        ),
        "weight_decay": Pair(lambda _: {"weight_decay": 0.5}, lambda _: {"weight_decay": 0.5}),
        "evaluation_steps": Pair(
            lambda seen: {"evaluator": evaluator(), "evaluation_steps": 2, "callback": seen.tell, "epochs": 4},
            lambda _: {"eval_strategy": "steps", "eval_steps": 1, "num_train_epochs": 4},
            told,
            steps=4,
            scored_at=(1, 2, 3, 4),
        ),
        "output_path, save_best_model": Pair(
            lambda seen: {
                "evaluator": evaluator(),
                "output_path": str(seen.folder / "best"),
                "save_best_model": True,
                "scheduler": "constantlr",
            },
            lambda _: {
                "load_best_model_at_end": True,
                "metric_for_best_model": metric,
                "eval_strategy": "epoch",
                "save_strategy": "epoch",
                "lr_scheduler_type": "constant",
            },
            lambda _: {"evaluator": evaluator()},
            written=lambda folder: (folder / "best").is_dir() or any(folder.rglob("checkpoint-*")),
        ),
        "max_grad_norm": Pair(lambda _: {"max_grad_norm": 0.01}, lambda _: {"max_grad_norm": 0.01}),
        # Where there is no GPU, use_amp is bfloat16, for which the guide names bf16.
        "use_amp": Pair(lambda _: {"use_amp": True}, lambda _: {"bf16": True}),
        "callback": Pair(
            lambda seen: {"evaluator": evaluator(), "callback": seen.tell, "epochs": 1},
            lambda _: {**each, "num_train_epochs": 1},
            told,
            steps=1,
            scored_at=(1,),
        ),
        "show_progress_bar": Pair(lambda _: {"show_progress_bar": True}, lambda _: {"disable_tqdm": False}),
    }


DENSE = {
    "train_objectives": Pair(lambda _: {}, lambda _: {}),
    **shared(dense_evaluator),
    "steps_per_epoch": Pair(lambda _: {"steps_per_epoch": 2, "epochs": 1}, lambda _: {"max_steps": 2}, steps=2),
    "checkpoint_path, checkpoint_save_steps, checkpoint_save_total_limit": Pair(
        lambda seen: {
            "checkpoint_path": str(seen.folder / "run"),
            "checkpoint_save_steps": 1,
            "checkpoint_save_total_limit": 2,
        },
        lambda _: {"save_strategy": "steps", "save_steps": 1, "save_total_limit": 2},
        written=lambda folder: len(list(folder.rglob("checkpoint-*"))) == 2,
    ),
}
CROSS = {
    "train_dataloader": Pair(lambda _: {}, lambda _: {}),
    "loss_fct": Pair(
        lambda _: {"loss_fct": torch.nn.MSELoss()}, lambda _: {}, lambda _: {"loss": cross_losses.MSELoss}
    ),
    "activation_fct": Pair(
        lambda _: {"loss_fct": torch.nn.MSELoss(), "activation_fct": torch.nn.Sigmoid()},
        lambda _: {},
        lambda _: {"loss": lambda model: cross_losses.MSELoss(model, activation_fn=torch.nn.Sigmoid())},
    ),
    **shared(cross_evaluator),
}


def examples(labels: list[float]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        rows = [
            InputExample(texts=[one, two], label=label) for one, two, label in zip(LEFT, RIGHT, labels, strict=True)
        ]
    return DataLoader(rows, shuffle=True, batch_size=8)  # type: ignore[arg-type]


def arguments(cls: Any, pair: Pair, seen: Seen) -> Any:
    # What fit does unless told otherwise.
    usual = {
        "output_dir": str(seen.folder / "run"),
        "num_train_epochs": 3,
        "per_device_train_batch_size": 8,
        "learning_rate": 1e-3,
        "weight_decay": 0.01,
        "use_cpu": True,
        "save_strategy": "no",
        "disable_tqdm": True,
        "report_to": "none",
    }
    return cls(**{**usual, **pair.arguments(seen)})


def usual_of_fit(pair: Pair, seen: Seen) -> Settings:
    usual = {"epochs": 3, "warmup_steps": 0, "optimizer_params": {"lr": 1e-3}, "show_progress_bar": False}
    return {**usual, **pair.old(seen)}


def check(pair: Pair, seen: Seen, start: Any, trained: Any) -> None:
    assert seen.steps == pair.steps
    assert tuple(steps for _, steps in seen.scores) == pair.scored_at
    assert pair.written(seen.folder)
    before = dict(start.named_parameters())
    assert any((value - before[name]).abs().max() > 1e-5 for name, value in trained.named_parameters())


@pytest.mark.parametrize("name", DENSE)
def test_dense(name: str, backbones: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pair, folder = DENSE[name], backbones["bert"]
    old, new = (SentenceTransformer(folder, device="cpu", config_kwargs=dict(STILL)) for _ in range(2))
    seen = Seen(tmp_path / "old")
    loss: Any = Counted(losses.CosineSimilarityLoss(old), seen)
    with pytest.warns(DeprecationWarning, match="SentenceTransformerTrainer"):
        old.fit(train_objectives=[(examples(SCORES), loss)], **usual_of_fit(pair, seen))
    check(pair, seen, SentenceTransformer(folder, device="cpu"), old)

    seen = Seen(tmp_path / "new")
    data = Dataset.from_dict({"sentence_A": LEFT, "sentence_B": RIGHT, "label": SCORES})
    trainer = SentenceTransformerTrainer(
        model=new,
        args=arguments(SentenceTransformerTrainingArguments, pair, seen),
        train_dataset=data,
        loss=Counted(losses.CosineSimilarityLoss(new), seen),
        **pair.trainer(seen),
    )
    trainer.train()
    check(pair, seen, SentenceTransformer(folder, device="cpu"), new)
    finish(name, old, new, lambda path: SentenceTransformer(path, device="cpu"), tmp_path)


@pytest.mark.parametrize("name", CROSS)
def test_reranker(name: str, reranker_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pair = CROSS[name]
    old, new = (CrossEncoder(reranker_folder, device="cpu", config_kwargs=dict(STILL)) for _ in range(2))
    seen = Seen(tmp_path / "old")
    old.register_forward_hook(lambda *_: setattr(seen, "steps", seen.steps + old.training))
    with pytest.warns(DeprecationWarning, match="CrossEncoderTrainer"):
        old.fit(train_dataloader=examples(SCORES), **usual_of_fit(pair, seen))
    check(pair, seen, CrossEncoder(reranker_folder, device="cpu"), old)

    seen = Seen(tmp_path / "new")
    data = Dataset.from_dict({"sentence_A": LEFT, "sentence_B": RIGHT, "label": SCORES})
    more = {"loss": cross_losses.BinaryCrossEntropyLoss, **pair.trainer(seen)}
    more["loss"] = Counted(more["loss"](new), seen)
    trainer = CrossEncoderTrainer(
        model=new, args=arguments(CrossEncoderTrainingArguments, pair, seen), train_dataset=data, **more
    )
    trainer.train()
    check(pair, seen, CrossEncoder(reranker_folder, device="cpu"), new)
    finish(name, old, new, lambda path: CrossEncoder(path, device="cpu"), tmp_path)


def finish(name: str, old: Any, new: Any, load: Callable[[str], Any], folder: Path) -> None:
    """The two models are equal; so is what was saved as the best."""
    if "output_path" in name:
        # The old form saved the best and went on; the new one comes back to it.
        old = load(str(folder / "old" / "best"))
        new.save_pretrained(str(folder / "my/path"))
        new = load(str(folder / "my/path"))
    others = dict(new.named_parameters())
    # In bfloat16 the order of the rows shows.
    tolerance = 5e-3 if name == "use_amp" else 2e-4
    for key, value in old.named_parameters():
        # The gradient of a key's bias is 0 but for rounding, which Adam makes steps of.
        if not key.endswith("key.bias"):
            torch.testing.assert_close(value, others[key], atol=tolerance, rtol=tolerance)

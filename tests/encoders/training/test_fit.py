"""`fit` in both old forms: the weights, files and calls of Sentence Transformers."""

import warnings
from pathlib import Path
from typing import Any

import pytest
import sentence_transformers as reference
import torch
from sentence_transformers import losses as their_losses
from torch.utils.data import DataLoader

from outrider import encoders
from outrider.encoders import CrossEncoder, SentenceTransformer, TrainingError, losses
from outrider.encoders.cross_encoder.evaluation import CrossEncoderCorrelationEvaluator
from outrider.encoders.evaluation import EmbeddingSimilarityEvaluator
from outrider.encoders.readers.example import example

from .conftest import sentences
from .test_dense_trainer import assert_same_weights

LEFT, RIGHT = sentences(24, 1), sentences(24, 2)
SCORES = [index % 5 / 4 for index in range(24)]
RATE = {"lr": 1e-3}
Run = dict[str, Any]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # fit() without a checkpoint path writes beside the caller.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")


def rows(*columns: list[str], labels: list[float] | None = None) -> list[Any]:
    given = labels or [0] * len(columns[0])
    return [example(list(texts), label) for *texts, label in zip(*columns, given, strict=True)]


def loader(examples: list[Any], size: int = 4) -> Any:
    return DataLoader(examples, batch_size=size)  # type: ignore[arg-type]


def fitted(model: Any, *args: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(*args, optimizer_params=RATE, show_progress_bar=False, **options)
    return model


@pytest.mark.parametrize(
    "options",
    [
        {"warmup_steps": 2, "epochs": 2},
        {"scheduler": "warmupcosine", "warmup_steps": 1, "weight_decay": 0.1, "max_grad_norm": 0.5},
        {"scheduler": "constantlr", "steps_per_epoch": 3},
        {"scheduler": "WarmupConstant", "warmup_steps": 2, "optimizer_class": torch.optim.SGD},
        {"scheduler": "warmupcosinewithhardrestarts", "warmup_steps": 0},
    ],
    ids=str,
)
def test_dense_fit_ends_in_the_weights_of_sentence_transformers(backbones: dict[str, str], options: Run) -> None:
    trained = []
    for library, their in ((SentenceTransformer, losses), (reference.SentenceTransformer, their_losses)):
        model: Any = library(backbones["bert"], device="cpu")
        objectives = [
            (loader(rows(LEFT, RIGHT)), their.MultipleNegativesRankingLoss(model)),
            (loader(rows(LEFT, RIGHT, labels=SCORES)), their.CosineSimilarityLoss(model)),
        ]
        trained.append(fitted(model, objectives, **options))
    assert_same_weights(*trained)


@pytest.mark.parametrize(
    "options", [{}, {"loss_fct": torch.nn.MSELoss(), "activation_fct": torch.nn.Sigmoid()}], ids=str
)
def test_reranker_fit_ends_in_the_weights_of_sentence_transformers(reranker_folder: str, options: Run) -> None:
    trained = []
    for library in (CrossEncoder, reference.CrossEncoder):
        data = loader(rows(LEFT, RIGHT, labels=SCORES))
        model: Any = library(reranker_folder, device="cpu")
        trained.append(fitted(model, data, warmup_steps=2, **options))
    assert_same_weights(*trained)


def test_a_classifier_of_pairs_is_fitted(two_label_folder: str) -> None:
    trained = []
    for library in (CrossEncoder, reference.CrossEncoder):
        data = loader(rows(LEFT, RIGHT, labels=[index % 2 for index in range(24)]))
        model: Any = library(two_label_folder, device="cpu")
        trained.append(fitted(model, train_dataloader=data, warmup_steps=2))
    assert_same_weights(*trained)


def test_fit_warns_at_the_line_of_its_caller(backbones: dict[str, str], reranker_folder: str) -> None:
    dense, cross = SentenceTransformer(backbones["bert"], device="cpu"), CrossEncoder(reranker_folder, device="cpu")
    with pytest.warns(DeprecationWarning, match="SentenceTransformerTrainer") as caught:
        dense.fit([(loader(rows(LEFT, RIGHT)), losses.MultipleNegativesRankingLoss(dense))], steps_per_epoch=1)
    assert [one.filename for one in caught] == [__file__]
    with pytest.warns(DeprecationWarning, match="CrossEncoderTrainer") as caught:
        cross.fit(loader(rows(LEFT[:4], RIGHT[:4], labels=SCORES[:4])))
    assert [one.filename for one in caught] == [__file__]


def test_the_best_model_is_kept_and_every_score_told(backbones: dict[str, str], tmp_path: Path) -> None:
    model = SentenceTransformer(backbones["bert"], device="cpu")
    told: list[tuple[float, float, int]] = []
    fitted(
        model,
        [(loader(rows(LEFT, RIGHT, labels=SCORES)), losses.CosineSimilarityLoss(model))],
        evaluator=EmbeddingSimilarityEvaluator(LEFT, RIGHT, SCORES, name="dev"),
        epochs=2,
        evaluation_steps=4,
        warmup_steps=0,
        output_path=str(tmp_path / "best"),
        callback=lambda score, epoch, steps: told.append((score, epoch, steps)),
    )
    assert [steps for _, _, steps in told] == [4, 6, 8, 12]
    kept = SentenceTransformer(str(tmp_path / "best"), device="cpu")
    found = EmbeddingSimilarityEvaluator(LEFT, RIGHT, SCORES, write_csv=False)(kept)
    assert found["spearman_cosine"] == pytest.approx(max(score for score, _, _ in told), abs=1e-6)
    assert (tmp_path / "best" / "eval" / "similarity_evaluation_dev_results.csv").is_file()


def test_a_reranker_keeps_its_best_model_after_every_epoch(reranker_folder: str, tmp_path: Path) -> None:
    model = CrossEncoder(reranker_folder, device="cpu")
    pairs = list(zip(LEFT, RIGHT, strict=True))
    told: list[float] = []
    fitted(
        model,
        loader(rows(LEFT, RIGHT, labels=SCORES)),
        evaluator=CrossEncoderCorrelationEvaluator(pairs, SCORES, name="dev"),
        epochs=3,
        warmup_steps=0,
        output_path=str(tmp_path / "best"),
        callback=lambda score, _epoch, _steps: told.append(score),
    )
    assert len(told) == 3
    kept = CrossEncoder(str(tmp_path / "best"), device="cpu")
    assert CrossEncoderCorrelationEvaluator(pairs, SCORES)(kept)["spearman"] == pytest.approx(max(told), abs=1e-6)


def test_without_an_evaluator_the_final_model_is_saved(backbones: dict[str, str], tmp_path: Path) -> None:
    model = SentenceTransformer(backbones["bert"], device="cpu")
    fitted(
        model,
        [(loader(rows(LEFT, RIGHT)), losses.MultipleNegativesRankingLoss(model))],
        warmup_steps=0,
        output_path=str(tmp_path / "end"),
    )
    assert_same_weights(SentenceTransformer(str(tmp_path / "end"), device="cpu"), model)


def test_checkpoints_are_written_and_resumed_from(backbones: dict[str, str], tmp_path: Path) -> None:
    options: Run = {"warmup_steps": 0, "checkpoint_path": str(tmp_path / "points"), "checkpoint_save_steps": 2}

    def run(**more: Any) -> Any:
        model = SentenceTransformer(backbones["bert"], device="cpu")
        loss = losses.MultipleNegativesRankingLoss(model)
        return fitted(model, [(loader(rows(LEFT, RIGHT)), loss)], epochs=2, **options, **more)

    whole = run(checkpoint_save_total_limit=2)
    kept = sorted(path.name for path in (tmp_path / "points").glob("checkpoint-*"))
    assert kept == ["checkpoint-10", "checkpoint-12"]
    assert_same_weights(run(resume_from_checkpoint=True), whole)
    options["checkpoint_path"] = str(tmp_path / "nothing")
    assert_same_weights(run(resume_from_checkpoint=True), whole)


def test_use_amp_runs_in_bfloat16_where_there_is_no_gpu(reranker_folder: str) -> None:
    seen: set[torch.dtype] = set()
    for use_amp, expected in ((False, torch.float32), (True, torch.bfloat16)):
        seen.clear()
        model = CrossEncoder(reranker_folder, device="cpu")
        model.model.classifier.register_forward_hook(lambda _module, _inputs, output: seen.add(output.dtype))
        fitted(model, loader(rows(LEFT[:4], RIGHT[:4], labels=SCORES[:4])), use_amp=use_amp)
        assert seen == {expected}


def test_batches_for_a_loop_of_ones_own(backbones: dict[str, str], reranker_folder: str) -> None:
    some = rows(LEFT[:3], RIGHT[:3], labels=SCORES[:3])
    for kind, folder in (("SentenceTransformer", backbones["bert"]), ("CrossEncoder", reranker_folder)):
        ours, theirs = (getattr(one, kind)(folder, device="cpu") for one in (encoders, reference))
        for mine, other in zip(ours.smart_batching_collate(some), theirs.smart_batching_collate(some), strict=True):
            parts = list(zip(mine, other, strict=True)) if isinstance(mine, list) else [(mine, other)]
            for left, right in parts:
                if isinstance(right, torch.Tensor):
                    torch.testing.assert_close(left, right)
                else:
                    assert torch.equal(left["input_ids"], right["input_ids"])


@pytest.mark.parametrize(
    ("examples", "options", "sentence"),
    [
        ([], {}, "gives no examples"),
        ([("a", "b", 1)], {}, "needs InputExample"),
        ([example(["a", "b"], 1), example(["a"], 1)], {}, "as many texts"),
        ([example(["a", "b"], 1)], {"scheduler": "cosine"}, "there is no scheduler 'cosine'"),
    ],
)
def test_what_cannot_be_fitted_ends_in_a_sentence(
    examples: list[Any], options: Run, sentence: str, reranker_folder: str
) -> None:
    data = DataLoader(examples, batch_size=2, sampler=range(len(examples)))  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match=sentence):
        fitted(CrossEncoder(reranker_folder, device="cpu"), data, **options)

"""What int8 costs is measured once, kept with the graph, and said."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from outrider.encoders import int8_loss, open_model
from outrider.encoders.inference import model as model_module
from outrider.encoders.inference.loss import TEXTS, PrecisionLoss, kept_loss, loss_of_scores, loss_of_vectors


def test_int8_says_what_it_costs_and_measures_it_once(
    dense_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with caplog.at_level(logging.INFO, logger="outrider.encoders.inference.opening"):
        first = open_model(dense_folder, precision="int8", cache_folder=tmp_path)
    assert first.loss is not None
    assert 0.95 < first.loss.worst <= first.loss.mean < 1
    said = f"cosine to exact: mean {first.loss.mean:.4f}, least {first.loss.worst:.4f} over {len(TEXTS)} texts"
    assert first.executor == f"ONNX Runtime, int8 on CPU; {said}"
    assert said in caplog.text
    assert first.truncated_texts == 0
    assert int8_loss(dense_folder, cache_folder=tmp_path) == first.loss
    monkeypatch.setattr(model_module.Model, "measure_loss", None)
    assert open_model(dense_folder, precision="int8", cache_folder=tmp_path).loss == first.loss


def test_term_weights_have_a_loss_too_and_exact_has_none(sparse_folder: Path) -> None:
    loss = open_model(sparse_folder, precision="int8").loss
    assert loss is not None
    assert 0.95 < loss.worst <= loss.mean < 1
    assert open_model(sparse_folder).loss is None


def test_the_loss_of_a_model_is_known_once_it_was_measured(
    sparse_folder: Path, reranker_folder: Path, tmp_path: Path
) -> None:
    assert int8_loss(sparse_folder, cache_folder=tmp_path) is None
    measured = int8_loss(sparse_folder, measure=True, cache_folder=tmp_path)
    assert measured == open_model(sparse_folder, precision="int8").loss
    assert int8_loss(sparse_folder, cache_folder=tmp_path) == measured
    assert int8_loss(reranker_folder, measure=True) is None, "an int8 graph as it comes"


def test_a_loss_that_cannot_be_read_is_measured_again(tmp_path: Path) -> None:
    path, loss = tmp_path / "a.loss.json", PrecisionLoss("cosine", 0.99, 0.9, 3)
    for broken in ("{", "{}", "[]"):
        path.write_text(broken)
        assert kept_loss(path, lambda: loss) == loss
        assert json.loads(path.read_text())["mean"] == 0.99
    assert kept_loss(tmp_path / "no" / "folder.json", lambda: loss) == loss


def test_losses_are_what_they_say() -> None:
    rows, exact = np.array([[1.0, 0.0], [0.0, 0.0], [3.0, 4.0]]), np.array([[2.0, 0.0], [0.0, 0.0], [4.0, 3.0]])
    loss = loss_of_vectors(list(rows), list(exact))
    assert (loss.mean, loss.worst) == (pytest.approx(2.96 / 3), pytest.approx(0.96))
    assert (
        str(loss_of_scores([1.0, 2.0], [1.5, 2.0])) == "difference to exact: mean 0.2500, largest 0.5000 over 2 texts"
    )

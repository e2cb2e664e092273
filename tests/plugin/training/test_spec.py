"""What a run may be told, and the sentence for what it may not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from outrider.plugin.errors import SettingsInvalid
from outrider.plugin.training import TrainSpec, read_spec
from outrider.plugin.training.place import Place

Build = Callable[..., dict[str, Any]]


def written(content: Any, tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def test_a_spec_is_read_from_yaml_and_json(spec: Build, tmp_path: Path) -> None:
    from_yaml = read_spec(written(spec(), tmp_path))
    assert from_yaml == read_spec(written(json.dumps(spec()), tmp_path))
    assert (from_yaml.kind, from_yaml.loss, from_yaml.training.batch_size) == ("dense", "ranking", 8)


def test_a_teacher_chooses_the_loss(spec: Build, tmp_path: Path) -> None:
    assert read_spec(written(spec(training={"teacher": "reranker"}), tmp_path)).loss == "margin_mse"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "colbert"}, "kind: Input should be 'dense', 'sparse' or 'reranker', got 'colbert'"),
        ({"training": {"batch_size": 0}}, "training.batch_size: Input should be greater than or equal to 1, got 0"),
        ({"training": {"batchsize": 4}}, "training.batchsize: Extra inputs are not permitted, got 4"),
        ({"training": {"learning_rate": float("nan")}}, "training.learning_rate: Input should be"),
        ({"training": {"loss": "binary"}}, "the loss `binary` is for a reranker"),
        ({"training": {"loss": "margin_mse"}}, "name one in training.teacher"),
        ({"training": {"loss": "ranking", "teacher": "x"}}, "does not read a teacher"),
        ({"student": {"static": True, "keep_layers": 2}}, "a static student is dense and has no layers"),
        ({"data": None}, "data: Input should be a valid dictionary"),
        ({"data": {"source": "guesses"}}, "data: Input tag 'guesses'"),
        ({"data": {"judgements": None}}, "judged data needs one of `rows` and `judgements`"),
        ({"data": {"documents": {}}}, "documents need one of `file` and `live`"),
        ({"evaluation": None, "training": {"held_back": 0.1}}, "training.held_back is for tuning"),
    ],
)
def test_what_cannot_be_meant_is_named(spec: Build, tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        read_spec(written(spec(**changes), tmp_path))
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "holds NoneType, not the entries of a run"),
        ("- a\n- b\n", "holds list"),
        ("kind: [", "is not YAML"),
        ("a: &x [*x]", "kind: Field required"),
    ],
)
def test_a_file_that_is_no_spec(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(SettingsInvalid, match="spec") as caught:
        read_spec(written(content, tmp_path))
    assert sentence in str(caught.value)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="No such file"):
        read_spec(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"kind: \xff")
    with pytest.raises(SettingsInvalid, match="not UTF-8"):
        read_spec(tmp_path / "latin.yaml")


def test_every_entry_says_what_it_is() -> None:
    schema = TrainSpec.model_json_schema()
    assert schema["properties"]["kind"]["description"]
    training = schema["$defs"]["Training"]["properties"]
    assert all(entry.get("description") for entry in training.values())


def test_a_folder_that_cannot_be_made(spec: Build, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    given = read_spec(written(spec(output=str(tmp_path / "file" / "run")), tmp_path))
    with pytest.raises(SettingsInvalid, match="cannot be made: Not a directory"):
        Place(given.output).claim(given)


def test_more_time_or_another_evaluation_is_the_same_run(spec: Build, tmp_path: Path) -> None:
    for changes in ({}, {"training": {"max_minutes": 9}}, {"evaluation": None}):
        given = read_spec(written(spec(**changes), tmp_path))
        Place(given.output).claim(given)
    given = read_spec(written(spec(training={"epochs": 9}), tmp_path))
    with pytest.raises(SettingsInvalid, match="holds a run with another spec"):
        Place(given.output).claim(given)

"""Weights in a pickle: not without being allowed, and even then nothing but tensors."""

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from outrider.encoders import DEFAULT_DENSE, EncoderError, open_model, resolve
from outrider.plugin.registry import open_served
from outrider.plugin.settings import ModelSettings, read_settings

TEXTS = ["A heron stands in the reeds.", "The train leaves at nine."]


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self._target,)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The ready dense model, its weights as torch saves them."""
    copied = tmp_path / "model"
    shutil.copytree(resolve(DEFAULT_DENSE), copied)
    weights = copied / "model.safetensors"
    torch.save(load_file(weights), copied / "pytorch_model.bin")
    weights.unlink()
    return copied


def test_weights_in_a_pickle_are_not_served_unless_that_is_allowed(folder: Path) -> None:
    with pytest.raises(EncoderError, match=r"pickles can run code.*safetensors.*allow_pickle"):
        open_served(ModelSettings(source=str(folder)))


def test_an_allowed_pickle_gives_the_vectors_of_the_safetensors(folder: Path) -> None:
    model = open_model(folder, allow_pickle=True)
    wanted = open_model(DEFAULT_DENSE).encode_document(TEXTS)
    np.testing.assert_allclose(model.encode_document(TEXTS), wanted, rtol=0, atol=1e-6)
    assert open_served(ModelSettings(source=str(folder), allow_pickle=True)).fingerprint == model.fingerprint


def test_an_allowed_pickle_runs_no_code(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "was-here"
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"a": Bomb(target)}, protocol=2))
    with pytest.raises(EncoderError, match="not a file of tensors alone"):
        open_model(folder, allow_pickle=True)
    assert not target.exists()


@pytest.mark.parametrize("content", [b"", b"nonsense", pickle.dumps([1, 2], protocol=2)])
def test_a_broken_pickle_is_one_sentence(folder: Path, content: bytes) -> None:
    (folder / "pytorch_model.bin").write_bytes(content)
    with pytest.raises(EncoderError, match="not a file of tensors alone"):
        open_model(folder, allow_pickle=True)


def test_no_model_is_allowed_a_pickle_by_itself() -> None:
    assert not any(model.allow_pickle for model in read_settings().models)

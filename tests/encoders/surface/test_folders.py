"""Folders go both ways: saved here and opened there, saved there and opened here."""

import json
from pathlib import Path
from typing import Any

import pytest
from sentence_transformers import CrossEncoder as TheirCross
from sentence_transformers import SentenceTransformer as TheirDense
from sentence_transformers import SparseEncoder as TheirSparse

from outrider.encoders import CrossEncoder, NotAModel, SentenceTransformer, SparseEncoder, WrongBackend

from .conftest import PAIRS, TEXTS
from .oracle import assert_same


def _listing(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"README.md"}


def test_a_dense_model_saved_here_opens_there(dense_folder: str, tmp_path: Path) -> None:
    ours = SentenceTransformer(dense_folder, device="cpu")
    ours.save_pretrained(str(tmp_path / "ours"))
    theirs = TheirDense(str(tmp_path / "ours"), device="cpu")
    assert_same(ours.encode(TEXTS), theirs.encode(TEXTS))
    assert theirs.prompts == ours.prompts
    theirs.save(str(tmp_path / "theirs"))
    assert _listing(tmp_path / "ours") - {"2_Dense/config.json"} == _listing(tmp_path / "theirs") - {
        "2_Dense/config.json"
    }
    for name in ("modules.json", "1_Pooling/config.json", "2_Dense/config.json", "sentence_bert_config.json"):
        ours_says, theirs_says = (json.loads((tmp_path / who / name).read_text()) for who in ("ours", "theirs"))
        assert ours_says == theirs_says
    again = SentenceTransformer(str(tmp_path / "theirs"), device="cpu")
    assert_same(again.encode(TEXTS), ours.encode(TEXTS))


def test_older_weight_files_are_written_and_read(dense_folder: str, tmp_path: Path) -> None:
    ours = SentenceTransformer(dense_folder, device="cpu")
    ours.save(str(tmp_path), safe_serialization=False)
    assert (tmp_path / "pytorch_model.bin").is_file()
    assert (tmp_path / "2_Dense" / "pytorch_model.bin").is_file()
    for opened in (
        SentenceTransformer(str(tmp_path), device="cpu"),
        TheirDense(str(tmp_path), device="cpu"),
    ):
        assert_same(opened.encode(TEXTS), ours.encode(TEXTS))


def test_a_sparse_model_saved_here_opens_there(splade_folder: str, tmp_path: Path) -> None:
    ours = SparseEncoder(splade_folder, device="cpu")
    ours.encode(TEXTS)
    ours.save_pretrained(str(tmp_path / "ours"))
    theirs = TheirSparse(str(tmp_path / "ours"), device="cpu")
    assert_same(ours.encode(TEXTS), theirs.encode(TEXTS))
    theirs.save(str(tmp_path / "theirs"))
    assert _listing(tmp_path / "ours") == _listing(tmp_path / "theirs")
    for name in ("modules.json", "1_SpladePooling/config.json"):
        assert json.loads((tmp_path / "ours" / name).read_text()) == json.loads(
            (tmp_path / "theirs" / name).read_text()
        )
    again = SparseEncoder(str(tmp_path / "theirs"), device="cpu")
    assert_same(again.encode(TEXTS), ours.encode(TEXTS))


def test_a_cross_encoder_saved_here_opens_there(two_label_folder: str, tmp_path: Path) -> None:
    ours = CrossEncoder(two_label_folder, device="cpu")
    ours.save_pretrained(str(tmp_path / "ours"))
    theirs = TheirCross(str(tmp_path / "ours"), device="cpu")
    assert_same(ours.predict(PAIRS), theirs.predict(PAIRS))
    theirs.save_pretrained(str(tmp_path / "theirs"))
    assert _listing(tmp_path / "ours") == _listing(tmp_path / "theirs")
    assert_same(CrossEncoder(str(tmp_path / "theirs"), device="cpu").predict(PAIRS), ours.predict(PAIRS))


@pytest.mark.parametrize("name", ["config_sentence_transformers.json", "modules.json"])
def test_settings_come_back(dense_folder: str, tmp_path: Path, name: str) -> None:
    model = SentenceTransformer(
        dense_folder, device="cpu", prompts={"mine": "m: "}, default_prompt_name="mine", similarity_fn_name="dot"
    )
    model.save(str(tmp_path))
    opened = SentenceTransformer(str(tmp_path), device="cpu")
    assert opened.prompts["mine"] == "m: "
    assert opened.default_prompt_name == "mine"
    assert opened.similarity_fn_name == "dot"
    assert (tmp_path / name).is_file()
    assert_same(opened.encode("a"), model.encode("a", prompt="m: "))


def test_another_kinds_folder_gives_its_transformer_only(splade_folder: str, tmp_path: Path) -> None:
    SparseEncoder(splade_folder, device="cpu").save(str(tmp_path))
    ours = SentenceTransformer(str(tmp_path), device="cpu")
    assert [type(module).__name__ for module in ours] == ["Transformer", "Pooling"]


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
class TestBackends:
    def test_a_dense_model_is_exported_saved_and_opened(self, backend: Any, dense_folder: str, tmp_path: Path) -> None:
        wanted = TheirDense(dense_folder, device="cpu").encode(TEXTS)
        model = SentenceTransformer(dense_folder, backend=backend)
        assert model.get_backend() == backend
        assert_same(model.encode(TEXTS), wanted)
        model.save_pretrained(str(tmp_path))
        assert any((tmp_path / backend).iterdir())
        assert not list(tmp_path.glob("*.safetensors"))
        assert_same(SentenceTransformer(str(tmp_path), backend=backend).encode(TEXTS), wanted)
        with pytest.raises(WrongBackend, match=f"backend='{backend}'"):
            SentenceTransformer(str(tmp_path), backend="torch")

    def test_a_sparse_model_gives_the_same_weights(self, backend: Any, splade_folder: str) -> None:
        wanted = TheirSparse(splade_folder, device="cpu").encode(TEXTS)
        assert_same(SparseEncoder(splade_folder, backend=backend).encode(TEXTS).to_dense(), wanted.to_dense(), 2e-5)

    def test_a_cross_encoder_gives_the_same_scores(self, backend: Any, two_label_folder: str) -> None:
        wanted = TheirCross(two_label_folder, device="cpu").predict(PAIRS)
        assert_same(CrossEncoder(two_label_folder, backend=backend).predict(PAIRS), wanted)

    @pytest.mark.parametrize("family", ["roberta", "distilbert", "mpnet", "modernbert", "t5", "decoder"])
    def test_every_family_can_be_exported(self, backend: Any, family: str, backbones: dict[str, str]) -> None:
        wanted = SentenceTransformer(backbones[family], device="cpu").encode(TEXTS)
        assert_same(SentenceTransformer(backbones[family], backend=backend).encode(TEXTS), wanted, 2e-5)


def test_a_graph_is_chosen_by_name(dense_folder: str, tmp_path: Path) -> None:
    model = SentenceTransformer(dense_folder, backend="onnx")
    model.save_pretrained(str(tmp_path))
    (tmp_path / "onnx" / "model.onnx").rename(tmp_path / "onnx" / "model_mine.onnx")
    for name in ("model_mine.onnx", "onnx/model_mine.onnx", "onnx/model_mine"):
        opened = SentenceTransformer(str(tmp_path), backend="onnx", model_kwargs={"file_name": name})
        assert_same(opened.encode(TEXTS), model.encode(TEXTS))
    with pytest.raises(NotAModel, match=r"it has onnx/model_mine\.onnx"):
        SentenceTransformer(str(tmp_path), backend="onnx", model_kwargs={"file_name": "model_other.onnx"})


def test_an_unknown_backend_is_refused(dense_folder: str) -> None:
    with pytest.raises(ValueError, match="torch, onnx, openvino"):
        SentenceTransformer(dense_folder, backend="abacus")  # type: ignore[arg-type]


def test_nothing_to_load_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a model name"):
        SentenceTransformer()

"""PEFT adapters: put in, switched, taken out, saved and opened again, here and by Sentence Transformers."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sentence_transformers
import torch
from peft import LoraConfig

from outrider import encoders
from outrider.encoders import CrossEncoder, SentenceTransformer, SparseEncoder, models
from outrider.encoders.errors import MissingExtra, ModelNotFound, NotAModel, WrongBackend

from .conftest import PAIRS, TEXTS
from .oracle import assert_same

PEFT_LAGS = "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"


def lora(**options: Any) -> Any:
    """A LoRA whose fresh weights change the numbers."""
    torch.manual_seed(3)
    return LoraConfig(**{"r": 4, "target_modules": ["query", "value"], "init_lora_weights": False, **options})


def _scores(model: Any) -> Any:
    return model.predict(PAIRS) if hasattr(model, "predict") else model.encode(TEXTS)


@pytest.fixture
def adapted(dense_folder: str, tmp_path: Path) -> str:
    """A dense model with an adapter, as it is saved: without its weights."""
    model = SentenceTransformer(dense_folder, device="cpu")
    model.add_adapter(lora())
    model.save_pretrained(str(tmp_path / "adapted"))
    return str(tmp_path / "adapted")


def test_adapters_need_a_transformer_and_peft(
    dense_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = SentenceTransformer(modules=[models.BoW(["a"])], device="cpu")
    assert not plain.has_peft_compatible_model()
    with pytest.raises(ValueError, match="transformers backbone"):
        plain.load_adapter("x")
    model = SentenceTransformer(dense_folder, device="cpu")
    assert model.has_peft_compatible_model()
    monkeypatch.setattr("transformers.utils.import_utils.is_peft_available", lambda: False)
    with pytest.raises(MissingExtra, match="pip install peft"):
        model.load_adapter("x")
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(MissingExtra, match="pip install peft"):
        SentenceTransformer(str(tmp_path), device="cpu")


def test_a_folder_with_an_adapter_is_not_served_without_it(dense_folder: str, tmp_path: Path) -> None:
    shutil.copytree(dense_folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(NotAModel, match=r"holds an adapter.*merge_and_unload"):
        encoders.open_model(tmp_path)


@pytest.mark.filterwarnings("ignore:Already found a `peft_config`", "ignore:Adapter other was active")
def test_the_calls_do_what_sentence_transformers_does(dense_folder: str, adapted: str, tmp_path: Path) -> None:
    other = SentenceTransformer(dense_folder, device="cpu")
    other.add_adapter(lora(r=2, target_modules=["key"]))
    other.save_pretrained(str(tmp_path / "other"))

    def tale(model: Any) -> list[Any]:
        told = [model.encode(TEXTS)]
        model.load_adapter(adapted)
        model.load_adapter(str(tmp_path / "other"), adapter_name="other")
        for name in ("default", "other"):
            model.set_adapter(name)
            told += [model.active_adapters(), model.encode(TEXTS)]
        model.disable_adapters()
        told.append(model.encode(TEXTS))
        model.enable_adapters()
        told += [model.encode(TEXTS), dict(model.get_adapter_state_dict("default"))]
        model.delete_adapter("other")
        told.append(model.active_adapters())
        return told

    ours = tale(SentenceTransformer(dense_folder, device="cpu"))
    assert_same(ours, tale(sentence_transformers.SentenceTransformer(dense_folder, device="cpu")))
    bare, default, second = ours[0], ours[2], ours[4]
    assert abs(bare - default).max() > 0.01
    assert abs(second - default).max() > 0.01


@pytest.mark.parametrize("kind", ["SentenceTransformer", "SparseEncoder"])
@pytest.mark.parametrize("saver", [encoders, sentence_transformers])
def test_a_saved_adapter_opens_here_and_there(
    saver: Any, kind: str, dense_folder: str, splade_folder: str, tmp_path: Path
) -> None:
    model = getattr(saver, kind)(dense_folder if kind == "SentenceTransformer" else splade_folder, device="cpu")
    without = _scores(model)
    model.add_adapter(lora())
    wanted = _scores(model)
    assert abs((wanted - without).to_dense() if kind == "SparseEncoder" else wanted - without).max() > 0.01
    model.save_pretrained(str(tmp_path))
    assert not list(tmp_path.glob("config.json")) + list(tmp_path.glob("model*.safetensors"))
    for reader in (encoders, sentence_transformers):
        assert_same(_scores(getattr(reader, kind)(str(tmp_path), device="cpu")), wanted)


def test_a_cross_encoder_keeps_labels_activation_and_head(backbones: dict[str, str], tmp_path: Path) -> None:
    model = CrossEncoder(backbones["bert"], num_labels=3, activation_fn=torch.nn.Tanh(), device="cpu")
    model.add_adapter(lora(modules_to_save=["classifier"]))
    model.save_pretrained(str(tmp_path))
    again = CrossEncoder(str(tmp_path), device="cpu")
    assert (again.num_labels, type(again.activation_fn)) == (3, torch.nn.Tanh)
    assert_same(again.predict(PAIRS), model.predict(PAIRS))


@pytest.mark.parametrize("kind", [SentenceTransformer, SparseEncoder, CrossEncoder])
def test_a_bare_adapter_takes_tokeniser_and_kind_from_its_model(
    kind: Callable[..., Any], backbones: dict[str, str], splade_folder: str, reranker_folder: str, tmp_path: Path
) -> None:
    folders = {SentenceTransformer: backbones["bert"], SparseEncoder: splade_folder, CrossEncoder: reranker_folder}
    model = kind(folders[kind], device="cpu")
    model.add_adapter(lora())
    model.transformers_model.save_pretrained(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"adapter_config.json", "adapter_model.safetensors"}
    assert_same(_scores(kind(str(tmp_path), device="cpu")), _scores(model))


def test_a_model_beside_its_adapter_is_the_one_that_is_loaded(dense_folder: str, adapted: str, tmp_path: Path) -> None:
    wanted = SentenceTransformer(adapted, device="cpu").encode(TEXTS)
    shutil.copytree(dense_folder, tmp_path / "both")
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        text = (Path(adapted) / name).read_bytes().replace(dense_folder.encode(), b"nosuch/model")
        (tmp_path / "both" / name).write_bytes(text)
    for reader in (encoders, sentence_transformers):
        assert_same(reader.SentenceTransformer(str(tmp_path / "both"), device="cpu").encode(TEXTS), wanted)


def test_what_an_adapter_lacks_is_named(adapted: str) -> None:
    with pytest.raises(WrongBackend, match=r"backend='onnx'; merge it"):
        SentenceTransformer(adapted, backend="onnx", device="cpu")
    stated = Path(adapted) / "adapter_config.json"
    stated.write_text(stated.read_text().replace('"base_model_name_or_path": "', '"base_model_name_or_path": "/nosuch'))
    with pytest.raises(ModelNotFound, match=r"adapter in .* is for a model that was not found: .*/nosuch"):
        SentenceTransformer(adapted, device="cpu")
    stated.write_text('{"peft_type": "LORA"}')
    with pytest.raises(NotAModel, match="set its base_model_name_or_path"):
        SentenceTransformer(adapted, device="cpu")


def test_without_its_last_adapter_a_model_is_the_old_one(dense_folder: str, tmp_path: Path) -> None:
    model = SentenceTransformer(dense_folder, device="cpu")
    before = model.encode(TEXTS)
    model.add_adapter(lora(modules_to_save=["pooler"]))
    assert model.active_adapter() == "default"
    model.delete_adapter("default")
    assert_same(model.encode(TEXTS), before)
    model.save_pretrained(str(tmp_path))
    for reader in (encoders, sentence_transformers):
        assert_same(reader.SentenceTransformer(str(tmp_path), device="cpu").encode(TEXTS), before)


@pytest.mark.filterwarnings(PEFT_LAGS)
def test_an_adapter_merged_as_the_error_says_is_a_whole_model(dense_folder: str, adapted: str, tmp_path: Path) -> None:
    from peft import PeftModel

    model = SentenceTransformer(dense_folder, device="cpu")
    model[0].auto_model = PeftModel.from_pretrained(model.transformers_model, adapted).merge_and_unload()
    model.save_pretrained(str(tmp_path))
    wanted = SentenceTransformer(adapted, device="cpu").encode_document(TEXTS)
    assert_same(encoders.open_model(tmp_path).encode_document(TEXTS), wanted)


@pytest.mark.filterwarnings(PEFT_LAGS, "ignore:Token type ids are not supported")
def test_a_model_that_peft_wraps_runs_and_is_saved(dense_folder: str, tmp_path: Path) -> None:
    from peft import PromptTuningConfig, TaskType, get_peft_model

    embeds = TaskType.FEATURE_EXTRACTION

    def wrapped(library: Any, config: Any) -> Any:
        model = library.SentenceTransformer(dense_folder, device="cpu")
        torch.manual_seed(4)
        model[0].auto_model = get_peft_model(model[0].auto_model, config)
        return model

    prompts = PromptTuningConfig(task_type=embeds, num_virtual_tokens=3)
    ours, theirs = (wrapped(library, prompts) for library in (encoders, sentence_transformers))
    assert_same(ours.encode(TEXTS), theirs.encode(TEXTS))
    model = wrapped(encoders, lora(task_type=embeds))
    model.save_pretrained(str(tmp_path))
    assert_same(SentenceTransformer(str(tmp_path), device="cpu").encode(TEXTS), model.encode(TEXTS))

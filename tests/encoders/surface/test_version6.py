"""What 6.x added that cannot be confused with v5: its folders, its one Transformer, cross-encoders of modules."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from sentence_transformers import CrossEncoder as TheirCross

from outrider.encoders import CrossEncoder, ModelNotFound, NotAModel, SentenceTransformer, SparseEncoder
from outrider.encoders.models import Dense, InputModule, Pooling, Transformer
from outrider.encoders.modules.mlm_transformer import MLMTransformer
from outrider.encoders.sparse_encoder.models import SpladePooling

from .conftest import PAIRS, TEXTS
from .oracle import assert_same

BODY = "sentence_transformers.base.modules.transformer.Transformer"
SPLADE = "sentence_transformers.sparse_encoder.modules.splade_pooling.SpladePooling"


def _as_version_6(folder: Path, kind: str, task: str, types: list[tuple[str, str]], **settings: Any) -> None:
    """Name modules, task and settings as 6.2 does."""
    entries = [{"idx": i, "name": str(i), "path": path, "type": name} for i, (path, name) in enumerate(types)]
    modality = {"text": {"method": "forward", "method_output_name": "logits"}}
    body = {"transformer_task": task, "modality_config": modality, "module_output_name": "scores"}
    version = {"sentence_transformers": "6.2.0"}
    for name, content in (
        ("modules.json", entries),
        ("sentence_bert_config.json", body),
        ("config_sentence_transformers.json", {"model_type": kind, "__version__": version, **settings}),
    ):
        (folder / name).write_text(json.dumps(content))


def test_a_sparse_folder_of_version_6(splade_folder: str, tmp_path: Path) -> None:
    model = SparseEncoder(splade_folder, device="cpu")
    model.save(str(tmp_path))
    types = [("", BODY), ("1_SpladePooling", SPLADE)]
    _as_version_6(tmp_path, "SparseEncoder", "fill-mask", types, prompts={}, max_active_dims=4)
    again = SparseEncoder(str(tmp_path), device="cpu")
    assert (type(again[0]), again.max_active_dims) == (MLMTransformer, 4)
    assert_same(again.encode(TEXTS), model.encode(TEXTS, max_active_dims=4))
    again.save(str(tmp_path / "again"))
    assert SparseEncoder(str(tmp_path / "again"), device="cpu").max_active_dims == 4


def test_a_cross_encoder_of_version_6_with_prompts(reranker_folder: str, tmp_path: Path) -> None:
    plain = CrossEncoder(reranker_folder, device="cpu")
    plain.save(str(tmp_path))
    activation = {"activation_fn": "torch.nn.modules.activation.Tanh"}
    prompts = {"prompts": {"web": "weather "}, "default_prompt_name": "web"}
    _as_version_6(tmp_path, "CrossEncoder", "sequence-classification", [("", BODY)], **activation, **prompts)
    model = CrossEncoder(str(tmp_path), device="cpu")
    wanted = plain.predict([(f"weather {a}", b) for a, b in PAIRS], activation_fn=torch.nn.Tanh())
    assert_same(model.predict(PAIRS), wanted)
    assert_same(model.predict(PAIRS, prompt=""), plain.predict(PAIRS))
    assert model.rank("a", TEXTS, prompt_name="web")[0] == model.rank("a", TEXTS)[0]


def test_prompts_of_a_cross_encoder_are_kept_and_version_5_opens_the_folder(
    reranker_folder: str, tmp_path: Path
) -> None:
    model = CrossEncoder(reranker_folder, device="cpu", prompts={"web": "weather "}, default_prompt_name="web")
    model.save_pretrained(str(tmp_path))
    again = CrossEncoder(str(tmp_path), device="cpu")
    assert (again.prompts, again.default_prompt_name) == ({"web": "weather "}, "web")
    assert_same(again.predict(PAIRS), model.predict(PAIRS))
    assert_same(model.predict(PAIRS, prompt=""), TheirCross(str(tmp_path), device="cpu").predict(PAIRS))
    with pytest.raises(ValueError, match="'nosuch' not found"):
        model.predict(PAIRS, prompt_name="nosuch")


def test_a_cross_encoder_of_modules(reranker_folder: str, backbones: dict[str, str], tmp_path: Path) -> None:
    body = Transformer(reranker_folder, transformer_task="sequence-classification")
    plain = CrossEncoder(reranker_folder, device="cpu")
    assert_same(CrossEncoder(modules=[body], device="cpu").predict(PAIRS), plain.predict(PAIRS))
    head = Dense(32, 2, activation_function=torch.nn.Identity(), module_output_name="scores")
    model = CrossEncoder(modules=[Transformer(backbones["bert"]), Pooling(32), head], device="cpu")
    assert (model.num_labels, type(model.activation_fn)) == (2, torch.nn.Identity)
    assert model.predict(PAIRS).shape == (3, 2)
    logits = model(**model.tokenizer(["a"], ["b"], return_tensors="pt"))[0]
    assert logits.shape == (1, 2)
    model.save_pretrained(str(tmp_path))
    assert_same(CrossEncoder(str(tmp_path), device="cpu").predict(PAIRS), model.predict(PAIRS))
    silent = CrossEncoder(modules=[Transformer(backbones["bert"]), Pooling(32)], device="cpu")
    with pytest.raises(ValueError, match="module_output_name='scores'"):
        silent.predict(PAIRS)


def test_one_class_for_all_tasks(splade_folder: str, backbones: dict[str, str]) -> None:
    body = Transformer(splade_folder, transformer_task="fill-mask")
    model = SparseEncoder(modules=[body, SpladePooling()], device="cpu")
    assert_same(model.encode(TEXTS), SparseEncoder(splade_folder, device="cpu").encode(TEXTS))
    with pytest.raises(NotAModel, match="transformer_task is 'any-to-any'"):
        Transformer(backbones["bert"], transformer_task="any-to-any")


def test_a_module_of_ones_own_that_only_has_preprocess() -> None:
    class Lengths(InputModule):  # type: ignore[misc]
        def preprocess(self, inputs: list[str], **kwargs: Any) -> dict[str, Any]:
            return {"sentence_embedding": torch.tensor([[float(len(text))] for text in inputs])}

        def forward(self, features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
            return features

        def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
            self.save_config(output_path)

    assert SentenceTransformer(modules=[Lengths()], device="cpu").encode(["ab", "abc"]).tolist() == [[2.0], [3.0]]


def test_a_model_that_is_nowhere_is_a_file_not_found() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        SentenceTransformer("no/such/folder/anywhere")
    assert isinstance(caught.value, ModelNotFound)

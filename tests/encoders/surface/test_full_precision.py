"""Linear layers that a cross-encoder in bfloat16 computes in float32."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from sentence_transformers import CrossEncoder as TheirCross
from torch.nn import functional

from outrider.encoders import CrossEncoder

from .conftest import PAIRS
from .oracle import assert_same

HEAD = "0.auto_model.classifier"
HALF: dict[str, Any] = {"device": "cpu", "model_kwargs": {"dtype": torch.bfloat16}}
LOGITS = torch.nn.Identity()


def in_half(folder: str, **options: Any) -> CrossEncoder:
    return CrossEncoder(folder, activation_fn=LOGITS, **HALF, **options)


def scores(model: Any) -> Any:
    return model.predict(PAIRS, convert_to_tensor=True)


def test_a_chosen_layer_computes_in_float32_and_keeps_its_weights(reranker_folder: str) -> None:
    plain, kept = in_half(reranker_folder), in_half(reranker_folder, keep_in_fp32_modules=[HEAD])
    head = kept.get_submodule(HEAD)
    assert (head.weight.dtype, scores(plain).dtype, scores(kept).dtype) == (
        torch.bfloat16,
        torch.bfloat16,
        torch.float32,
    )
    read: list[torch.Tensor] = []
    head.register_forward_pre_hook(lambda _, given: read.append(given[0]))
    found = scores(kept)
    wanted = functional.linear(read[0].float(), head.weight.float(), head.bias.float())[:, 0]  # type: ignore[operator,union-attr]
    by_length = sorted(range(len(PAIRS)), key=lambda place: -len("".join(PAIRS[place])))
    assert_same(found[by_length], wanted)
    assert (found - scores(plain).float()).abs().max() > 0
    assert kept.keep_in_fp32_modules == [HEAD]


def test_autocast_does_not_reach_it(reranker_folder: str) -> None:
    model = CrossEncoder(reranker_folder, device="cpu", keep_in_fp32_modules=[HEAD])
    inputs = model.tokenizer(["a"], ["b"], return_tensors="pt")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert model(**inputs).logits.dtype == torch.float32
        model.set_keep_in_fp32_modules([])
        assert model(**inputs).logits.dtype == torch.bfloat16


def test_the_choice_is_saved_and_can_be_taken_back(reranker_folder: str, tmp_path: Path) -> None:
    model = in_half(reranker_folder, keep_in_fp32_modules=[HEAD])
    wanted = scores(model)
    model.save_pretrained(str(tmp_path))
    stated = json.loads((tmp_path / "config_sentence_transformers.json").read_text())
    assert stated["keep_in_fp32_modules"] == [HEAD]
    again = in_half(str(tmp_path))
    assert again.keep_in_fp32_modules == [HEAD]
    assert_same(scores(again), wanted)
    assert_same(scores(pickle.loads(pickle.dumps(again))), wanted)
    off = in_half(str(tmp_path), keep_in_fp32_modules=[])
    assert_same(scores(off), scores(in_half(reranker_folder)))
    off.save_pretrained(str(tmp_path / "off"))
    assert not in_half(str(tmp_path / "off")).keep_in_fp32_modules
    exact = TheirCross(str(tmp_path), device="cpu", model_kwargs={"dtype": torch.float32}).predict(PAIRS)
    assert exact == pytest.approx(wanted.numpy(), abs=0.1)


def test_what_is_no_linear_layer_is_refused_and_changes_nothing(reranker_folder: str, tmp_path: Path) -> None:
    model = in_half(reranker_folder, keep_in_fp32_modules=[HEAD])
    for names, why in (
        (["0.auto_model.nosuch"], "names '0.auto_model.nosuch', which the model has not"),
        ([HEAD, "0.auto_model.dropout"], "which is a Dropout; only plain linear layers"),
        (HEAD, "must be a list of names"),
    ):
        with pytest.raises(ValueError, match=why):
            model.set_keep_in_fp32_modules(names)  # type: ignore[arg-type]
        assert model.keep_in_fp32_modules == [HEAD]
        assert scores(model).dtype == torch.float32
    with pytest.raises(ValueError, match="is for backend='torch', and this one is 'onnx'"):
        CrossEncoder(reranker_folder, device="cpu", backend="onnx", keep_in_fp32_modules=[HEAD])
    model.save_pretrained(str(tmp_path))
    assert CrossEncoder(str(tmp_path), device="cpu", backend="onnx").keep_in_fp32_modules == []

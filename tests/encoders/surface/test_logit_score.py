"""Language models as rerankers, in the folders of 6.x: scores are what transformers says of the chat by itself."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from outrider.encoders import CrossEncoder, NotAModel, open_model
from outrider.encoders.cross_encoder.losses import BinaryCrossEntropyLoss
from outrider.encoders.errors import WrongBackend
from outrider.encoders.models import Transformer
from outrider.encoders.modules import LogitScore

from .conftest import PAIRS, byte_pairs
from .oracle import assert_same

TEMPLATE = (
    "{% for m in messages %}<s>{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}answer:{% endif %}"
)
ASKED = {"chat_template": {"add_generation_prompt": True}}
LONG = [("weather " * 60, "The weather is lovely today."), ("a", "The weather is lovely today. " * 30)]
LIMIT = 64


@pytest.fixture(scope="session")
def language_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny decoder with a chat template."""
    folder = str(tmp_path_factory.mktemp("language-model"))
    tokenizer = byte_pairs(end="$A </s>")
    tokenizer.chat_template, tokenizer.model_max_length = TEMPLATE, LIMIT
    torch.manual_seed(9)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=48,
        max_position_embeddings=128,
        initializer_range=0.3,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def reranker(folder: str, *tokens: int, **options: Any) -> CrossEncoder:
    body = Transformer(folder, transformer_task="text-generation", processing_kwargs=options.pop("asked", None))
    return CrossEncoder(modules=[body, LogitScore(*tokens)], device="cpu", **options)


def logits(model: CrossEncoder, text: str) -> Any:
    """Those after one text by itself, by transformers alone."""
    ids = model.tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        return model[0].auto_model(input_ids=ids).logits[0, -1]


def test_the_score_is_what_the_model_says_next_of_the_chat(language_model: str) -> None:
    both, one = reranker(language_model, 20, 30), reranker(language_model, 20, activation_fn=torch.nn.Identity())
    chats = [f"<s>query: {query}\n<s>document: {document}\n" for query, document in PAIRS]
    said = torch.stack([logits(both, chat) for chat in chats])
    assert (both.num_labels, type(both.activation_fn)) == (1, torch.nn.Sigmoid)
    np.testing.assert_allclose(both.predict(PAIRS), torch.sigmoid(said[:, 20] - said[:, 30]), atol=1e-5)
    np.testing.assert_allclose(one.predict(PAIRS), said[:, 20], atol=1e-5)
    np.testing.assert_allclose(one.predict(PAIRS, batch_size=1), said[:, 20], atol=1e-5)
    ranked = both.rank(PAIRS[0][0], [document for _, document in PAIRS])
    assert [row["score"] for row in ranked] == sorted((row["score"] for row in ranked), reverse=True)


def test_a_prompt_is_what_the_system_says_and_the_template_is_told_what_the_folder_says(language_model: str) -> None:
    model = reranker(
        language_model, 20, asked=ASKED, prompts={"judge": "Judge it."}, default_prompt_name="judge",
        activation_fn=torch.nn.Identity(),
    )  # fmt: skip
    query, document = PAIRS[0]
    chat = f"<s>query: {query}\n<s>document: {document}\nanswer:"
    without, with_it = logits(model, chat)[20], logits(model, f"<s>system: Judge it.\n{chat}")[20]
    np.testing.assert_allclose(model.predict(PAIRS[0], prompt=""), without, atol=1e-5)
    np.testing.assert_allclose(model.predict(PAIRS[0]), with_it, atol=1e-5)


def test_a_chat_that_is_too_long_keeps_its_end(language_model: str) -> None:
    model = reranker(language_model, 20, asked=ASKED, activation_fn=torch.nn.Identity())
    end = model.tokenizer("\nanswer:", add_special_tokens=False)["input_ids"]
    ids = model.tokenize(LONG)["input_ids"]
    assert ids.shape == (2, LIMIT)
    for (query, document), row in zip(LONG, ids.tolist(), strict=True):
        whole = model.tokenizer(f"<s>query: {query}\n<s>document: {document}\nanswer:", add_special_tokens=False)
        assert row == whole["input_ids"][: LIMIT - len(end)] + end
    model.predict(LONG)
    assert model.truncated_texts == 2


def test_the_folder_is_that_of_version_6(language_model: str, tmp_path: Path) -> None:
    model = reranker(language_model, 20, 30, asked=ASKED, prompts={"q": "Judge it."}, default_prompt_name="q")
    model.save_pretrained(str(tmp_path))
    stated = {
        name: json.loads((tmp_path / f"{name}.json").read_text())
        for name in ("modules", "sentence_bert_config", "1_LogitScore/config")
    }
    assert [entry["type"] for entry in stated["modules"]] == [
        "sentence_transformers.base.modules.transformer.Transformer",
        "sentence_transformers.cross_encoder.modules.logit_score.LogitScore",
    ]
    assert stated["1_LogitScore/config"] == {
        "true_token_id": 20,
        "false_token_id": 30,
        "module_input_name": "causal_logits",
    }
    body = stated["sentence_bert_config"]
    assert (body["transformer_task"], body["module_output_name"], body["processing_kwargs"]) == (
        "text-generation",
        "causal_logits",
        ASKED,
    )
    again = CrossEncoder(str(tmp_path), device="cpu")
    assert (again[0].processing_kwargs, again.default_prompt_name) == (ASKED, "q")
    assert_same(again.predict(PAIRS), model.predict(PAIRS))
    with pytest.raises(NotAModel, match="language model's logits; open it as CrossEncoder"):
        open_model(tmp_path)


def test_what_cannot_be_asked_is_refused(language_model: str, backbones: dict[str, str]) -> None:
    with pytest.raises(NotAModel, match="has no chat template"):
        reranker(backbones["decoder"], 20).predict(PAIRS)
    mute = reranker(language_model, 20)
    mute.tokenizer.chat_template = "{% for m in messages if m['role'] == 'user' %}{{ m['content'] }}{% endfor %}"
    with pytest.raises(NotAModel, match="shows no messages of the roles 'query' and 'document'"):
        mute.predict(PAIRS)
    for asked, why in (
        ({"audio": {}}, r"not for \['audio'\]"),
        ({"chat_template": {"restore_suffix": False}}, "restore_"),
    ):
        with pytest.raises(NotAModel, match=why):
            reranker(language_model, 20, asked=asked).predict(PAIRS)
    with pytest.raises(TypeError, match="asked about pairs of texts, this is 'alone'"):
        reranker(language_model, 20).tokenize(["alone"])
    with pytest.raises(ValueError, match="asked in a chat; it cannot be trained"):
        BinaryCrossEntropyLoss(reranker(language_model, 20))
    with pytest.raises(WrongBackend, match="runs on torch, not with backend='onnx'"):
        Transformer(language_model, backend="onnx", transformer_task="text-generation")

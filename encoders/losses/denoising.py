"""Unsupervised: the clean sentence from the embedding of a noisy one."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .base import EmbeddingLoss, Features
from .errors import LossError


class DenoisingAutoEncoderLoss(EmbeddingLoss):
    """TSDAE (arXiv:2104.06979) over (noisy text, clean text): a decoder sees the sentence embedding alone."""

    columns = (2, 2)
    cites = "tsdae"

    def __init__(self, model: Any, decoder_name_or_path: str | None = None, tie_encoder_decoder: bool = True) -> None:
        super().__init__(model)
        from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

        encoder = model[0].auto_model
        if decoder_name_or_path is None and not tie_encoder_decoder:
            raise LossError("DenoisingAutoEncoderLoss: without tie_encoder_decoder, decoder_name_or_path is needed")
        name = decoder_name_or_path or encoder.config._name_or_path
        self.tokenizer_encoder = model.tokenizer
        self.tokenizer_decoder = AutoTokenizer.from_pretrained(name)
        self.need_retokenization = type(self.tokenizer_encoder) is not type(self.tokenizer_decoder)
        config = AutoConfig.from_pretrained(name)
        config.is_decoder, config.add_cross_attention = True, True
        self.decoder = AutoModelForCausalLM.from_pretrained(name, config=config).to(model.device)
        if self.tokenizer_decoder.pad_token is None:
            self.tokenizer_decoder.pad_token = self.tokenizer_decoder.eos_token
        if tie_encoder_decoder:
            _share(encoder, getattr(self.decoder, self.decoder.base_model_prefix))

    def forward(self, sentence_features: Any, labels: Tensor | None = None) -> Any:
        """Cross entropy of the clean tokens, each from those before it and the embedding."""
        features: list[Features] = list(sentence_features)
        self.check(len(features), labels)
        source, target = features
        if self.need_retokenization:
            target = self._retokenized(target)
        embedding = self.model(dict(source))["sentence_embedding"]
        ids = target["input_ids"]
        logits = self.decoder(
            input_ids=ids[:, :-1],
            encoder_hidden_states=embedding[:, None],
            encoder_attention_mask=source["attention_mask"][:, :1],
            use_cache=False,
        ).logits
        wanted = ids[:, 1:].reshape(-1)
        return F.cross_entropy(
            logits.reshape(len(wanted), -1), wanted, ignore_index=self.tokenizer_decoder.pad_token_id
        )

    def _retokenized(self, column: Features) -> Features:
        texts = self.tokenizer_encoder.batch_decode(
            column["input_ids"], skip_special_tokens=True, clean_up_tokenization_spaces=True
        )
        tokens = self.tokenizer_decoder(texts, padding=True, truncation=True, return_tensors="pt")
        return {name: value.to(column["input_ids"].device) for name, value in tokens.items()}


def _share(encoder: nn.Module, decoder: nn.Module) -> None:
    """Give the decoder the encoder's own parameters wherever it has one of the same name and shape."""
    for name, parameter in list(encoder.named_parameters()):
        owner_name, _, leaf = name.rpartition(".")
        try:
            owner = decoder.get_submodule(owner_name)
        except AttributeError:
            continue
        current: Any = getattr(owner, leaf, None)
        if isinstance(current, torch.nn.Parameter) and current.shape == parameter.shape:
            setattr(owner, leaf, parameter)

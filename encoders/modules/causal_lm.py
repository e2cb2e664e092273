"""A language model that is asked about a pair of texts: the chat of its template -> logits of the next token."""

from collections.abc import Sequence
from typing import Any, ClassVar

from ..errors import NotAModel
from .chat_pairs import ChatPairs
from .module import Features
from .prepared import Prepared, pad, readable
from .transformer import Transformer


class CausalLanguageModel(Transformer):
    """Writes `causal_logits`, (pairs, 1, vocabulary); 6.x calls it a Transformer for `text-generation`."""

    task: ClassVar[str] = "text-generation"
    takes_prompt: ClassVar[bool] = True

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Run the model on one batch; texts are padded on the left, so that the last token is everyone's last."""
        last = {"logits_to_keep": 1} if "logits_to_keep" in self.model_forward_params else {}
        outputs = self.auto_model(**self.model_inputs(features, kwargs), **last, return_dict=True)
        features["causal_logits"] = outputs["logits"][:, -1:]
        return features

    def tokenize(self, texts: Sequence[Any], padding: str | bool = True, **kwargs: Any) -> Features:  # noqa: ARG002
        """Token ids of pairs, padded to the longest; `prompt` is what the system says."""
        prepared = self.prepare(texts, **kwargs)
        return prepared.batch(range(len(texts)), 0)

    def prepare(self, texts: Sequence[Any], prompt: str | None = None, **kwargs: Any) -> Prepared:  # noqa: ARG002
        """Tokenise all pairs once, without padding. Raises TypeError for what is no pair."""
        self.tokenizer.padding_side = "left"
        pairs = [self._pair(text) for text in texts]
        ids, cut = self._chat.tokens(pairs, prompt, self.max_seq_length)
        encodings = {"input_ids": ids, "attention_mask": [[1] * len(each) for each in ids]}

        def batch(rows: Sequence[int], length: int) -> Features:
            return pad(self.tokenizer, encodings, rows, length)

        return Prepared([len(each) for each in ids], batch, cut)

    @property
    def _chat(self) -> ChatPairs:
        if unknown := set(self.processing_kwargs) - {"chat_template"}:
            raise NotAModel(f"processing_kwargs of a language model are for 'chat_template', not for {sorted(unknown)}")
        options = dict(self.processing_kwargs.get("chat_template", {}))
        if options.pop("restore_suffix", True) is not True:
            raise NotAModel("restore_suffix=False would cut off what the model answers to; leave it out")
        return ChatPairs(self.tokenizer, options)

    def _pair(self, text: Any) -> tuple[str, str]:
        if not isinstance(text, list | tuple) or len(text) != 2:
            raise TypeError(f"a language model is asked about pairs of texts, this is {text!r:.80}")
        return readable(text[0]), readable(text[1])

    def get_config_dict(self) -> dict[str, Any]:
        """As 6.x has it; v5 has no such model."""
        method = {"method": "forward", "method_output_name": "logits"}
        return {
            **super().get_config_dict(),
            "transformer_task": self.task,
            "modality_config": {"text": method, "message": {**method, "format": "flat"}},
            "module_output_name": "causal_logits",
            **({"processing_kwargs": self.processing_kwargs} if self.processing_kwargs else {}),
        }

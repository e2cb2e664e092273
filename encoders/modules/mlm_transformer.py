"""A masked-language-model transformer: texts -> logits over the vocabulary, for SPLADE."""

from typing import Any, ClassVar

from .module import Features
from .transformer import Transformer


class MLMTransformer(Transformer):
    """Writes `token_logits`, (batch, tokens, vocabulary); under the name `token_embeddings`, too, where v5 has them."""

    task: ClassVar[str] = "fill-mask"

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Run transformer and vocabulary head on one batch."""
        logits = self.auto_model(**self.model_inputs(features, kwargs), return_dict=True)[0]
        return {**features, "token_logits": logits, "token_embeddings": logits}

    def get_word_embedding_dimension(self) -> int:
        """The width of the hidden states."""
        return super().get_word_embedding_dimension()

    def get_sentence_embedding_dimension(self) -> int:
        """The size of the vocabulary: one weight a token."""
        size: int = self.auto_model.config.vocab_size
        return size

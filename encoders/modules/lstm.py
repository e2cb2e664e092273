"""A recurrent network over the token embeddings."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

from typing import Any, ClassVar

from torch import Tensor, nn

from ..renames import keywords
from .module import Features
from .weighted import WeightedModule


class LSTM(WeightedModule):
    """(Bi)LSTM: every token embedding becomes the hidden state at its place."""

    config_file_name: str = "lstm_config.json"
    config_keys: ClassVar[list[str]] = [
        "word_embedding_dimension",
        "hidden_dim",
        "num_layers",
        "dropout",
        "bidirectional",
    ]

    @keywords(newer={"embedding_dimension": "word_embedding_dimension"})
    def __init__(
        self,
        word_embedding_dimension: int,
        hidden_dim: int,
        num_layers: int = 1,
        dropout: float = 0,
        bidirectional: bool = True,
    ) -> None:
        super().__init__()
        self.word_embedding_dimension = word_embedding_dimension
        self.hidden_dim = hidden_dim
        self.num_layers = num_layers
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.embeddings_dimension = hidden_dim * (2 if bidirectional else 1)
        self.encoder = nn.LSTM(
            word_embedding_dimension,
            hidden_dim,
            num_layers=num_layers,
            dropout=dropout,
            bidirectional=bidirectional,
            batch_first=True,
        )

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Replace the token embeddings; padding is not read."""
        tokens: Tensor = features["token_embeddings"]
        lengths = features.get("sentence_lengths")
        if lengths is None:
            lengths = features["attention_mask"].sum(dim=1)
        packed = nn.utils.rnn.pack_padded_sequence(
            tokens, lengths.cpu().clamp(min=1), batch_first=True, enforce_sorted=False
        )
        states = self.encoder(packed)[0]
        features["token_embeddings"] = nn.utils.rnn.pad_packed_sequence(
            states, batch_first=True, total_length=tokens.size(1)
        )[0]
        return features

    def get_word_embedding_dimension(self) -> int:
        """The width of the token embeddings that leave this module."""
        return self.embeddings_dimension

"""What a language model says to "does this document answer the query?", as one number."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

from typing import Any, ClassVar

from .module import Features, Module


class LogitScore(Module):
    """Writes `scores`, (pairs, 1): the logit of "yes", less that of "no" where one is named.

    Nogueira et al. 2020, "Document Ranking with a Pretrained Sequence-to-Sequence Model", section 3: a softmax over the
    two is the sigmoid of this difference.
    """

    config_keys: ClassVar[list[str]] = ["true_token_id", "false_token_id", "module_input_name"]
    out_features: ClassVar[int] = 1

    def __init__(
        self, true_token_id: int, false_token_id: int | None = None, module_input_name: str = "causal_logits"
    ) -> None:
        super().__init__()
        self.true_token_id, self.false_token_id = true_token_id, false_token_id
        self.module_input_name = module_input_name

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Read the logits of the last position."""
        last = features[self.module_input_name][:, -1]
        score = last[:, self.true_token_id]
        if self.false_token_id is not None:
            score = score - last[:, self.false_token_id]
        features["scores"] = score.unsqueeze(-1)
        return features

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write the configuration."""
        self.save_config(output_path)

"""ModernBERT over packed tokens: norms before each sublayer, rotary positions, gated layers, local attention."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..layout import MODERNBERT_PREFIX, Config, layer_types, rotary_base
from .activations import activation
from .attention import Reach, attend
from .tokens import PackedTokens
from .weights import TensorTable


@dataclass(frozen=True)
class PackedModernBert:
    """The family."""

    prefix: str = MODERNBERT_PREFIX

    def hidden(self, weights: TensorTable, config: Config, tokens: PackedTokens, *, first_only: bool = False) -> Tensor:
        """The last hidden states, (tokens, width); of each text's first token alone if `first_only`, (texts, width)."""
        epsilon = float(config["norm_eps"])
        words = weights["embeddings.tok_embeddings.weight"]
        hidden = weights.norm(torch.nn.functional.embedding(tokens.ids, words), "embeddings.norm", epsilon)
        kinds = layer_types(config)
        turns = {kind: _turns(config, kind, tokens, hidden) for kind in set(kinds)}
        for number, kind in enumerate(kinds):
            layer, narrow = f"layers.{number}", first_only and number == len(kinds) - 1
            given = hidden if number == 0 else weights.norm(hidden, f"{layer}.attn_norm", epsilon)
            reach = Reach(int(config["local_attention"]) // 2) if kind == "sliding_attention" else Reach()
            attended = _attention(weights, config, f"{layer}.attn", given, tokens, turns[kind], reach, narrow)
            hidden = (hidden[tokens.first] if narrow else hidden) + attended
            hidden = hidden + _gated(
                weights, config, f"{layer}.mlp", weights.norm(hidden, f"{layer}.mlp_norm", epsilon)
            )
        return weights.norm(hidden, "final_norm", epsilon)

    def terms(self, weights: TensorTable, config: Config, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """What is multiplied with the vocabulary, the vocabulary's weights (terms, width), and their bias."""
        decoder = weights.get("decoder.weight")
        words = weights["embeddings.tok_embeddings.weight"] if decoder is None else decoder
        return _head(weights, config, hidden), words, weights.get("decoder.bias")

    def classified(self, weights: TensorTable, config: Config, hidden: Tensor, tokens: PackedTokens) -> Tensor:
        """Class logits from the first tokens, or from the mean of all where the model is made so."""
        if config.get("classifier_pooling", "cls") == "mean":
            hidden = torch.segment_reduce(hidden.float(), "mean", lengths=tokens.counts, axis=0).to(hidden.dtype)
        return weights.linear(_head(weights, config, hidden), "classifier")


def _attention(
    weights: TensorTable,
    config: Config,
    name: str,
    x: Tensor,
    tokens: PackedTokens,
    turns: tuple[Tensor, Tensor],
    reach: Reach,
    narrow: bool,
) -> Tensor:
    heads = int(config["num_attention_heads"])
    query, key, value = weights.linear(x, f"{name}.Wqkv").view(len(x), 3, heads, -1).unbind(1)
    query, key = _rotated(query, turns), _rotated(key, turns)
    query = query[tokens.first] if narrow else query
    attended = attend(query, key, value, tokens, reach, first_only=narrow).flatten(1)
    return weights.linear(attended, f"{name}.Wo")


def _turns(config: Config, kind: str, tokens: PackedTokens, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines of each token's angles, (tokens, 1, size): Su et al. 2021, equation 34."""
    size = int(config["hidden_size"]) // int(config["num_attention_heads"])
    steps = torch.arange(0, size, 2, device=like.device, dtype=torch.float32) / size
    angles = tokens.places[:, None].float() * rotary_base(config, kind) ** -steps
    angles = torch.cat((angles, angles), dim=-1)[:, None]
    return angles.cos().to(like.dtype), angles.sin().to(like.dtype)


def _rotated(x: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
    """Halves of a head turned against each other."""
    cosines, sines = turns
    left, right = x.chunk(2, dim=-1)
    return x * cosines + torch.cat((-right, left), dim=-1) * sines


def _gated(weights: TensorTable, config: Config, name: str, x: Tensor) -> Tensor:
    inner, gate = weights.linear(x, f"{name}.Wi").chunk(2, dim=-1)
    return weights.linear(activation(str(config.get("hidden_activation", "gelu")), inner) * gate, f"{name}.Wo")


def _head(weights: TensorTable, config: Config, x: Tensor) -> Tensor:
    dense = activation(str(config.get("classifier_activation", "gelu")), weights.linear(x, "head.dense"))
    return weights.norm(dense, "head.norm", float(config["norm_eps"]))

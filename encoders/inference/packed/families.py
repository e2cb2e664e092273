"""Which packed forward belongs to which model type."""

from collections.abc import Mapping
from typing import Any, Protocol

from torch import Tensor

from ...errors import NotAModel
from ..layout import MODERNBERT_TYPE, POST_NORM, Config
from .modernbert import PackedModernBert
from .post_norm import PackedPostNorm
from .tokens import PackedTokens
from .weights import TensorTable


class PackedBackbone(Protocol):
    """One way to lay out an encoder; the heads take what `hidden` gives."""

    @property
    def prefix(self) -> str:
        """What a model with a head puts before the names of its backbone's tensors."""
        ...

    def hidden(self, weights: TensorTable, config: Config, tokens: PackedTokens, *, first_only: bool = False) -> Tensor:
        """The last hidden states, (tokens, width); of each text's first token alone if `first_only`, (texts, width)."""
        ...

    def terms(self, weights: TensorTable, config: Config, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """What is multiplied with the vocabulary, the vocabulary's weights (terms, width), and their bias."""
        ...

    def classified(self, weights: TensorTable, config: Config, hidden: Tensor, tokens: PackedTokens) -> Tensor:
        """Class logits, (texts, labels)."""
        ...


_BACKBONES: Mapping[str, PackedBackbone] = {
    **{name: PackedPostNorm(layout) for name, layout in POST_NORM.items()},
    MODERNBERT_TYPE: PackedModernBert(),
}


def packed_backbone(config: Mapping[str, Any]) -> PackedBackbone:
    """The forward of this config.json's model type. Raises NotAModel where none is written."""
    backbone = _BACKBONES.get(str(config.get("model_type")))
    if backbone is None:
        raise NotAModel(
            f"no packed forward is written for model type {config.get('model_type')!r} "
            f"(written are {', '.join(_BACKBONES)})"
        )
    return backbone

"""What a file says an index should be, before models and cluster are known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ..boosts import Boost
from ..chunks import Chunking
from ..errors import BadSpec, ModelMismatch
from ..patience import Deadlines, WhenEncoderDown
from ..ports import ModelIdentity, Models
from ..pruning import Pruning, TwoPhase
from ..spec import DenseField, IndexSpec, SparseField, Weights

Kind = Literal["dense", "sparse", "rerank"]
KINDS: tuple[Kind, ...] = ("dense", "sparse", "rerank")
_PARTS: Mapping[str, Callable[..., Any]] = {
    "weights": Weights,
    "chunks": Chunking,
    "query_prune": Pruning,
    "two_phase": TwoPhase,
    "when_encoder_down": WhenEncoderDown,
    "deadlines": Deadlines,
}


@dataclass(frozen=True, slots=True)
class WantedModel:
    """A model by name; any fingerprint will do where none is given."""

    name: str
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """`template` has all that models and cluster do not decide; `without` are the kinds that are not wanted."""

    template: IndexSpec
    models: Mapping[Kind, WantedModel] = field(default_factory=dict)
    without: frozenset[Kind] = frozenset()
    dense: Mapping[str, Any] = field(default_factory=dict)
    sparse: Mapping[str, Any] = field(default_factory=dict)

    def spec(self, models: Models, dense: DenseField | None, sparse: SparseField | None) -> IndexSpec:
        """The spec with these models, in these fields unless the file has others.

        Raises ModelMismatch where other models are wanted.
        """
        chosen = replace(models, **dict.fromkeys(self.without))
        for kind, wanted in self.models.items():
            _check(kind, wanted, getattr(chosen, kind))
        return replace(
            self.template,
            models=replace(chosen, dimension=chosen.dimension if chosen.dense else None),
            dense=replace(dense, **self.dense) if dense and chosen.dense else None,
            sparse=replace(sparse, **self.sparse) if sparse and chosen.sparse else None,
        )


def declare(values: Mapping[str, Any]) -> Declared:
    """From the checked values of a file. Raises BadSpec where they contradict one another."""
    rest = {key: value for key, value in values.items() if key not in ("models", "dense", "sparse")}
    named = values.get("models", {})
    rest = _with(rest, **_PARTS)
    if "boosts" in rest:
        rest["boosts"] = tuple(Boost(**each) for each in rest["boosts"])
    without = frozenset(kind for kind in KINDS if named.get(kind) is False)
    for kind in ("dense", "sparse"):
        if kind in without and kind in values:
            raise BadSpec(f"models.{kind} is false, and yet there is a field '{kind}'; take one of them out")
    return Declared(
        template=IndexSpec(**rest),
        models={kind: _wanted(named[kind]) for kind in KINDS if named.get(kind)},
        without=without,
        dense=values.get("dense", {}),
        sparse=_with(values.get("sparse", {}), prune=Pruning),
    )


def _with(values: Mapping[str, Any], **kinds: Callable[..., Any]) -> dict[str, Any]:
    """The values, with the parts that are there made into what they are."""
    made = {name: kind(**values[name]) for name, kind in kinds.items() if values.get(name) is not None}
    return {**values, **made}


def _wanted(given: Any) -> WantedModel:
    return WantedModel(given) if isinstance(given, str) else WantedModel(**given)


def _check(kind: str, wanted: WantedModel, served: ModelIdentity | None) -> None:
    if served is None or served.name != wanted.name:
        raise ModelMismatch(
            f"the file wants {kind} model {wanted.name}, the encoder serves {served or 'none'}: serve that model, or "
            f"change models.{kind}"
        )
    if wanted.fingerprint not in (None, served.fingerprint):
        raise ModelMismatch(
            f"the file wants {kind} model {wanted.name} ({wanted.fingerprint}), the encoder serves {served}: serve "
            f"that version, or change models.{kind}.fingerprint"
        )

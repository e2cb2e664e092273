"""The search pipelines that encode queries, fuse and rerank by calling the sidecar (native way)."""

from collections.abc import Mapping
from typing import Any

from ..capabilities import Version
from ..errors import BadSpec
from ..spec import IndexSpec
from .ml import Role
from .since import Feature, first, has


def fused_pipeline(version: Version, spec: IndexSpec, model_ids: Mapping[Role, str]) -> dict[str, Any]:
    """Queries name no model: the pipeline knows which one belongs to which field, and how to fuse."""
    fields: dict[str, Role] = {}
    if spec.dense:
        fields[spec.dense.name] = "dense-query"
    if spec.sparse:
        fields[spec.sparse.name] = "sparse-query"
    models = {name: model_ids[role] for name, role in fields.items()}
    return {
        "description": f"Encodes queries to '{spec.index}' and fuses, made by Outrider",
        "request_processors": [{"neural_query_enricher": {"neural_field_default_id": models}}],
        "phase_results_processors": [_fusion(version, spec)],
    }


def reranked_pipeline(version: Version, spec: IndexSpec, model_ids: Mapping[Role, str]) -> dict[str, Any]:
    """The same, and every hit of the page reranked; requests must carry ext.rerank."""
    rerank = {
        "ml_opensearch": {"model_id": model_ids["rerank"]},
        "context": {"document_fields": rerank_fields(spec)},
    }
    return {
        **fused_pipeline(version, spec, model_ids),
        "description": f"Encodes queries to '{spec.index}', fuses and reranks, made by Outrider",
        "response_processors": [{"rerank": rerank}],
    }


def _fusion(version: Version, spec: IndexSpec) -> dict[str, Any]:
    """By rank, or by normalised score. Weights must add up to 1."""
    legs = [getattr(spec.weights, leg) for leg in spec.legs]
    _check_fusion(version, spec, is_weighted=len(set(legs)) > 1)
    parameters = {"weights": [weight / sum(legs) for weight in legs]}
    if spec.fusion == "rrf":
        ranks = {"technique": "rrf", "rank_constant": spec.rank_constant, "parameters": parameters}
        return {"score-ranker-processor": {"combination": ranks}}
    combination = {"technique": "arithmetic_mean", "parameters": parameters}
    return {"normalization-processor": {"normalization": {"technique": spec.fusion}, "combination": combination}}


def _check_fusion(version: Version, spec: IndexSpec, *, is_weighted: bool) -> None:
    needs: dict[str, Feature] = {"rrf": "weighted rank fusion" if is_weighted else "rank fusion", "z_score": "z_score"}
    feature = needs.get(spec.fusion)
    if feature and not has(version, feature):
        raise BadSpec(
            f"index '{spec.index}': {feature} needs OpenSearch {first(feature)} or later, "
            f"this is {'.'.join(map(str, version))}; use fusion min_max, or let the sidecar fuse"
        )


def rerank_fields(spec: IndexSpec) -> list[str]:
    """The text fields with a stored space in between: the processor joins values with nothing at all."""
    gap = f"{spec.marker}.gap"
    return [field for text in spec.text_fields for field in (gap, text)][1:]

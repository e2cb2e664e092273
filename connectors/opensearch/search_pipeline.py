"""The search pipelines that encode queries, fuse and rerank by calling the sidecar (native way)."""

from collections.abc import Mapping
from typing import Any

from ..spec import IndexSpec
from .ml import Role


def fused_pipeline(spec: IndexSpec, model_ids: Mapping[Role, str]) -> dict[str, Any]:
    """Queries name no model: the pipeline knows which one belongs to which field. Hybrid queries are fused by rank."""
    fields: dict[str, Role] = {}
    if spec.dense:
        fields[spec.dense.name] = "dense-query"
    if spec.sparse:
        fields[spec.sparse.name] = "sparse-query"
    models = {name: model_ids[role] for name, role in fields.items()}
    return {
        "description": f"Encodes queries to '{spec.index}' and fuses, made by Outrider",
        "request_processors": [{"neural_query_enricher": {"neural_field_default_id": models}}],
        "phase_results_processors": [_fusion(spec)],
    }


def reranked_pipeline(spec: IndexSpec, model_ids: Mapping[Role, str]) -> dict[str, Any]:
    """The same, and every hit of the page reranked; requests must carry ext.rerank."""
    rerank = {
        "ml_opensearch": {"model_id": model_ids["rerank"]},
        "context": {"document_fields": rerank_fields(spec)},
    }
    return {
        **fused_pipeline(spec, model_ids),
        "description": f"Encodes queries to '{spec.index}', fuses and reranks, made by Outrider",
        "response_processors": [{"rerank": rerank}],
    }


def _fusion(spec: IndexSpec) -> dict[str, Any]:
    """By rank since 2.19; by normalised score since 2.10, z_score since 3.0. Weights must add up to 1."""
    legs = [getattr(spec.weights, leg) for leg in spec.legs]
    parameters = {"weights": [weight / sum(legs) for weight in legs]}
    if spec.fusion == "rrf":
        ranks = {"technique": "rrf", "rank_constant": spec.rank_constant, "parameters": parameters}
        return {"score-ranker-processor": {"combination": ranks}}
    combination = {"technique": "arithmetic_mean", "parameters": parameters}
    return {"normalization-processor": {"normalization": {"technique": spec.fusion}, "combination": combination}}


def rerank_fields(spec: IndexSpec) -> list[str]:
    """The text fields with a stored space in between: the processor joins values with nothing at all."""
    gap = f"{spec.marker}.gap"
    return [field for text in spec.text_fields for field in (gap, text)][1:]

"""What a live Elasticsearch can do for a sidecar, what was seen of it and what is taken for granted."""

from ..capabilities import Capabilities, version_tuple
from ..finding import Finding
from .fields import dense_field, sparse_field
from .since import has

_ML = "x-pack-ml"


def findings(capabilities: Capabilities) -> list[Finding]:
    """In order: who encodes, what vectors are kept in, and what others on this cluster could be asked for."""
    version = version_tuple(capabilities.version)
    licence = capabilities.licence or "unknown"
    told = [Finding("fine", f"licence: {licence}"), _who_encodes(capabilities)]
    dense, sparse = dense_field(capabilities, 384), sparse_field(capabilities)
    told.append(Finding("fine", f"vectors are kept in {dense.kind}, term weights in {sparse.kind}"))
    if sparse.kind == "rank_features" and "mapper-extras" not in capabilities.modules:
        told.append(Finding("in the way", "no sparse_vector before 8.11 and no module mapper-extras: no term weights"))
    if has(version, "exclude_vectors"):
        told.append(Finding("note", "vectors are left out of _source by default; what is written back asks for them"))
    if "lang-painless" not in capabilities.modules:
        told.append(Finding("note", "no module lang-painless: indices with chunks cannot show the best one"))
    return told + _taken_for_granted(capabilities)


def _who_encodes(capabilities: Capabilities) -> Finding:
    if capabilities.is_native:
        return Finding("fine", "the inference API is here and licensed: the cluster can call the sidecar itself")
    missing = ", ".join(capabilities.missing_for_native)
    return Finding("note", f"lacking {missing}: the sidecar encodes documents and queries, fuses and reranks itself")


def _taken_for_granted(capabilities: Capabilities) -> list[Finding]:
    told = []
    if missing := capabilities.missing_for_retriever_fusion:
        told.append(Finding("note", f"lacking {', '.join(missing)}: no rrf and linear retrievers; the sidecar fuses"))
    if _ML in capabilities.modules:
        told.append(Finding("note", "assumed, not tried: the machine-learning module lets pipelines use our endpoints"))
    else:
        told.append(Finding("note", f"no module {_ML}: no `inference` processor in ingest pipelines"))
    return told

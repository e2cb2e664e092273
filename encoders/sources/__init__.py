"""Models that can be had anywhere: a folder, a hub id, or a package that carries weights."""

from .cache import cache_root
from .hub import hub_origin
from .package import PackageModel, parse_reference
from .resolve import ADAPTER_FILE, hub_name, resolve
from .table import DEFAULT_DENSE, DEFAULT_RERANKER, DEFAULT_SPARSE, READY_MODELS, ReadyModel

__all__ = [
    "ADAPTER_FILE",
    "DEFAULT_DENSE",
    "DEFAULT_RERANKER",
    "DEFAULT_SPARSE",
    "READY_MODELS",
    "PackageModel",
    "ReadyModel",
    "cache_root",
    "hub_name",
    "hub_origin",
    "parse_reference",
    "resolve",
]

"""Vectors into a search engine, and questions to it."""

from .answer import MODES, Answer, Filter, Mode, Result
from .backfill import Outlook, backfill, outlook, spec_in_place
from .client import Cluster, DryRun, OpenSearchCluster, Request
from .doctor import Diagnosis, Finding, examine, read_capabilities
from .documents import Document, Unreadable, read_jsonl
from .errors import (
    BadDocument,
    BadQuery,
    BadSpec,
    CheckpointUnusable,
    ClusterError,
    ClusterUnavailable,
    ConnectorError,
    DeadLetterUnwritable,
    DimensionMismatch,
    EncoderUnavailable,
    IndexingStopped,
    ModelMismatch,
    NotRegistered,
    RequestRefused,
    SettingInTheWay,
)
from .fusion import Technique, fuse, fuse_in_blocks, reciprocal_rank_fusion, rerank
from .index import ensure_index, read_spec, require_spec, spec_for, store_spec
from .indexing import index_documents
from .native_search import NativeSearcher
from .opensearch import escape_token, feature_weights, unescape_token
from .ports import Encoded, Encoder, EncodingFailed, ModelIdentity, Models
from .reading import read_documents
from .registration import register, unregister
from .report import IndexingReport, Outcome
from .search import Searcher
from .spec import TECHNIQUES, DenseField, IndexSpec, Leg, SparseField, Weights
from .text import join_text

__all__ = [
    "Diagnosis",
    "Finding",
    "NativeSearcher",
    "examine",
    "read_capabilities",
    "register",
    "unregister",
    "MODES",
    "TECHNIQUES",
    "Answer",
    "BadDocument",
    "BadQuery",
    "BadSpec",
    "CheckpointUnusable",
    "Cluster",
    "ClusterError",
    "ClusterUnavailable",
    "ConnectorError",
    "DeadLetterUnwritable",
    "DenseField",
    "DimensionMismatch",
    "Document",
    "DryRun",
    "Encoded",
    "Encoder",
    "EncoderUnavailable",
    "EncodingFailed",
    "Filter",
    "IndexSpec",
    "IndexingReport",
    "IndexingStopped",
    "Leg",
    "Mode",
    "ModelIdentity",
    "ModelMismatch",
    "Models",
    "NotRegistered",
    "OpenSearchCluster",
    "Outcome",
    "Outlook",
    "Request",
    "RequestRefused",
    "Result",
    "Searcher",
    "SettingInTheWay",
    "SparseField",
    "Technique",
    "Unreadable",
    "Weights",
    "backfill",
    "ensure_index",
    "escape_token",
    "feature_weights",
    "fuse",
    "fuse_in_blocks",
    "index_documents",
    "join_text",
    "outlook",
    "read_documents",
    "read_jsonl",
    "read_spec",
    "reciprocal_rank_fusion",
    "require_spec",
    "rerank",
    "spec_for",
    "spec_in_place",
    "store_spec",
    "unescape_token",
]

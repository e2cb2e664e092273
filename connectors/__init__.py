"""Vectors into a search engine, and questions to it."""

from .answer import MODES, Answer, Excerpt, Filter, Mode, Result
from .backfill import Outlook, backfill, outlook, spec_in_place
from .chunks import Chunking
from .client import Cluster, DryRun, ElasticsearchCluster, OpenSearchCluster, connect
from .common.features import escape_token, feature_weights, unescape_token
from .dialect import Dialect, dialect_for
from .doctor import Diagnosis, Finding, examine, read_capabilities
from .documents import Document, Unreadable, read_jsonl
from .enrich import Enriched, Rejected, enrich
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
from .ports import Encoded, Encoder, EncodingFailed, Measure, Measured, ModelIdentity, Models
from .reading import read_documents
from .registration import register, unregister
from .report import IndexingReport, Outcome
from .request import Request
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
    "Chunking",
    "Cluster",
    "ClusterError",
    "ClusterUnavailable",
    "ConnectorError",
    "DeadLetterUnwritable",
    "DenseField",
    "Dialect",
    "DimensionMismatch",
    "Document",
    "DryRun",
    "ElasticsearchCluster",
    "Encoded",
    "Encoder",
    "Enriched",
    "EncoderUnavailable",
    "EncodingFailed",
    "Excerpt",
    "Filter",
    "IndexSpec",
    "IndexingReport",
    "IndexingStopped",
    "Leg",
    "Measure",
    "Measured",
    "Mode",
    "ModelIdentity",
    "ModelMismatch",
    "Models",
    "NotRegistered",
    "OpenSearchCluster",
    "Outcome",
    "Outlook",
    "Request",
    "Rejected",
    "RequestRefused",
    "Result",
    "Searcher",
    "SettingInTheWay",
    "SparseField",
    "Technique",
    "Unreadable",
    "Weights",
    "backfill",
    "connect",
    "dialect_for",
    "enrich",
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

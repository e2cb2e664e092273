"""Vectors into a search engine, and questions to it."""

from .answer import MODES, Answer, Excerpt, Filter, Mode, Result
from .backfill import (
    Completed,
    Follower,
    Origin,
    Outlook,
    PageDone,
    Slice,
    backfill,
    complete,
    complete_some,
    make_target,
    outlook,
    spec_in_place,
    spec_in_place_from,
    work,
)
from .boosts import Boost
from .chunks import Chunking
from .client import Cluster, DryRun, ElasticsearchCluster, OpenSearchCluster, connect, read_release
from .common.features import escape_token, feature_weights, unescape_token
from .common.whole import require_whole
from .dialect import Dialect, dialect_for
from .doctor import Diagnosis, examine, read_capabilities
from .documents import Document, Prepared, Unreadable, read_jsonl
from .elasticsearch.inference import SERVICES
from .enrich import Enriched, Rejected, enrich, failed_marker, pending_marker
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
    EncoderLate,
    EncoderUnavailable,
    IndexingStopped,
    MigrationStopped,
    ModelMismatch,
    NotRegistered,
    PartialAnswer,
    RequestRefused,
    SettingInTheWay,
    SpecUnreadable,
)
from .explain import Choice, explain
from .finding import Finding
from .fusion import Technique, fuse, fuse_in_blocks, reciprocal_rank_fusion, rerank
from .index import check_models, ensure_index, read_spec, require_spec, spec_for, spec_for_models, spec_from, store_spec
from .indexing import index_documents
from .kept_spec import META_KEY, spec_from_meta
from .legs import fuse_legs, without_boosts
from .migration import Migration, Verification, finish, migrate, roll_back, verify
from .native_search import NativeSearcher
from .patience import Deadlines, WhenEncoderDown
from .plan import Change, Leftovers, Plan, apply, destroy, leftovers, make_plan
from .ports import Context, Encoded, Encoder, EncodingFailed, Measure, Measured, ModelIdentity, Models
from .pruning import Pruning, TwoPhase
from .reading import read_documents
from .registering import register, unregister
from .report import IndexingReport, Outcome
from .request import Request, index_path
from .search import Searcher
from .semantic_search import SemanticSearcher
from .spec import TECHNIQUES, DenseField, IndexSpec, Leg, SparseField, Weights
from .specfile import Declared, read_spec_file, spec_as_yaml, spec_schema
from .text import join_text

__all__ = [
    "make_target",
    "MigrationStopped",
    "verify",
    "roll_back",
    "migrate",
    "finish",
    "Verification",
    "Migration",
    "Origin",
    "Follower",
    "SpecUnreadable",
    "spec_schema",
    "spec_as_yaml",
    "read_spec_file",
    "Declared",
    "make_plan",
    "leftovers",
    "destroy",
    "apply",
    "Plan",
    "Leftovers",
    "Boost",
    "Change",
    "Diagnosis",
    "Finding",
    "NativeSearcher",
    "examine",
    "explain",
    "read_capabilities",
    "register",
    "unregister",
    "META_KEY",
    "MODES",
    "SERVICES",
    "TECHNIQUES",
    "Answer",
    "BadDocument",
    "BadQuery",
    "BadSpec",
    "CheckpointUnusable",
    "Chunking",
    "Choice",
    "Cluster",
    "ClusterError",
    "ClusterUnavailable",
    "Completed",
    "ConnectorError",
    "Context",
    "DeadLetterUnwritable",
    "Deadlines",
    "DenseField",
    "Dialect",
    "DimensionMismatch",
    "Document",
    "DryRun",
    "ElasticsearchCluster",
    "Encoded",
    "Encoder",
    "Enriched",
    "EncoderLate",
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
    "PageDone",
    "PartialAnswer",
    "Prepared",
    "Request",
    "Pruning",
    "Rejected",
    "RequestRefused",
    "Result",
    "Searcher",
    "SemanticSearcher",
    "SettingInTheWay",
    "Slice",
    "SparseField",
    "Technique",
    "TwoPhase",
    "Unreadable",
    "Weights",
    "WhenEncoderDown",
    "backfill",
    "check_models",
    "complete",
    "complete_some",
    "connect",
    "dialect_for",
    "enrich",
    "ensure_index",
    "escape_token",
    "failed_marker",
    "feature_weights",
    "fuse",
    "fuse_in_blocks",
    "fuse_legs",
    "index_documents",
    "index_path",
    "join_text",
    "outlook",
    "pending_marker",
    "read_documents",
    "read_jsonl",
    "read_release",
    "read_spec",
    "reciprocal_rank_fusion",
    "require_spec",
    "require_whole",
    "rerank",
    "spec_for",
    "spec_for_models",
    "spec_from_meta",
    "spec_from",
    "spec_in_place",
    "spec_in_place_from",
    "store_spec",
    "unescape_token",
    "without_boosts",
    "work",
]

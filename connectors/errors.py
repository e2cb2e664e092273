"""What can go wrong between vectors and a search engine.

ConnectorError
├── BadSpec               an index description that contradicts itself or the index
│   ├── DimensionMismatch    a vector of another length than the field
│   └── SpecUnreadable       what is kept with an index is no spec any more
├── ModelMismatch         the encoder is not the one the index was built with
├── BadDocument           one document that cannot be indexed as it is
├── BadQuery              a query that cannot be asked as it is
├── EncoderUnavailable    the encoder does not answer; asking again later may help
│   └── EncoderLate          it is there, but did not answer by a deadline
├── CheckpointUnusable    how far a run has come cannot be read or written
├── DeadLetterUnwritable  a failed document could not be put on record
├── IndexingStopped       a bulk run ended early; carries what was done until then
├── MigrationStopped      two indices are not what they should be; the alias stays where it is
├── NotRegistered         the native way is asked for and was never set up
├── SettingInTheWay       a cluster setting must change first; carries the exact request
└── ClusterError          the cluster refused or failed
    ├── ClusterUnavailable   no answer, 429 or 503; asking again later may help
    │   └── PartialAnswer       shards are missing from an answer, or documents that were asked for
    └── RequestRefused       the cluster said no to this request; asking again does not help
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .report import IndexingReport


class ConnectorError(Exception):
    """Base of every error of this room."""


class BadSpec(ConnectorError):
    pass


class DimensionMismatch(BadSpec):
    pass


class SpecUnreadable(BadSpec):
    pass


class ModelMismatch(ConnectorError):
    pass


class BadDocument(ConnectorError):
    pass


class BadQuery(ConnectorError):
    pass


class EncoderUnavailable(ConnectorError):
    pass


class EncoderLate(EncoderUnavailable):
    pass


class CheckpointUnusable(ConnectorError):
    """How far a run has come cannot be read or written."""


class DeadLetterUnwritable(ConnectorError):
    pass


class MigrationStopped(ConnectorError):
    pass


class NotRegistered(ConnectorError):
    pass


class SettingInTheWay(ConnectorError):
    pass


class ClusterError(ConnectorError):
    """The cluster refused or failed; `status` is the HTTP status, 0 where none came."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class ClusterUnavailable(ClusterError):
    pass


class PartialAnswer(ClusterUnavailable):
    pass


class RequestRefused(ClusterError):
    pass


class IndexingStopped(ConnectorError):
    """A bulk run ended early; `report` counts what was done until then."""

    def __init__(self, message: str, report: IndexingReport) -> None:
        super().__init__(message)
        self.report = report

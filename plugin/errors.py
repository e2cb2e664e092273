"""Everything that can go wrong in the running service. What reaches HTTP carries its status.

PluginError
├── SettingsInvalid           a setting is unknown or out of range
├── PackageMissing            an optional package is needed and not installed
├── CollectionInvalid         a file of queries or judgements cannot be read
├── PortTaken                 another process listens where the sidecar should
├── WorkerFailed              a worker process did not start
├── SidecarRefused            the sidecar told our client that the request is wrong
└── ServiceError              an answer to a request
    ├── BadRequest       400  the body is not what the route takes
    ├── WrongKind        400  the model cannot do what was asked
    ├── Unauthorized     401  no key, or an unknown one
    ├── Forbidden        403  the key's scopes do not cover the route
    ├── UnknownModel     404  no model of that name is served
    ├── NoCluster        404  no cluster, or no such index, is set up to be asked
    ├── SeveralWorkers   409  one worker cannot change what all of them serve
    ├── BodyTooLarge     413  body, number of texts, or one text beyond its limit
    ├── TextRefused      422  the model cannot take this text
    ├── LoadFailed       424  a model could not be loaded
    ├── QueueFull        429  as much work waits as may wait; comes with Retry-After
    ├── InferenceFailed  500  the executor failed
    ├── ClusterFailed    502  the cluster did not answer, or refused
    ├── NotReady         503  models are still loading, or the process is stopping
    └── DeadlineExceeded 504  the answer could not be had in time
"""


class PluginError(Exception):
    """Any failure of this room; catch it to catch them all."""


class SettingsInvalid(PluginError, ValueError):
    """A setting is unknown or out of range."""


class PackageMissing(PluginError, ImportError):
    """An optional package is needed; the sentence says how to install it."""


class CollectionInvalid(PluginError, ValueError):
    """A file of queries or judgements cannot be read."""


class PortTaken(PluginError, OSError):
    """Another process listens where the sidecar should."""


class WorkerFailed(PluginError):
    """A worker process did not start."""


class SidecarRefused(PluginError, ValueError):
    """The sidecar told our client that the request is wrong; asking again does not help. `status` is 0 without one."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class ServiceError(PluginError):
    """An answer to a request, with its HTTP status and, where waiting helps, for how long."""

    status = 500

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s

    def at(self, place: int) -> "ServiceError":
        """The same error, naming the text that it is about."""
        named = type(self)(f"text {place}: {self}", retry_after_s=self.retry_after_s)
        named.__cause__ = self
        return named


class BadRequest(ServiceError):
    """The body is not what the route takes."""

    status = 400


class WrongKind(ServiceError):
    """The model cannot do what was asked of it."""

    status = 400


class Unauthorized(ServiceError):
    """No key, or an unknown one."""

    status = 401


class Forbidden(ServiceError):
    """The key's scopes do not cover the route."""

    status = 403


class UnknownModel(ServiceError):
    """No model of that name is served."""

    status = 404


class NoCluster(ServiceError):
    """No cluster, or no such index, is set up to be asked."""

    status = 404


class SeveralWorkers(ServiceError):
    """One worker cannot change what all of them serve."""

    status = 409


class BodyTooLarge(ServiceError):
    """The body, the number of its texts, or one text is beyond its limit."""

    status = 413


class TextRefused(ServiceError):
    """The model cannot take this text."""

    status = 422


class LoadFailed(ServiceError):
    """A model could not be loaded."""

    status = 424


class QueueFull(ServiceError):
    """As much work waits as may wait."""

    status = 429


class InferenceFailed(ServiceError):
    """The executor failed on a text that it was given alone."""

    status = 500


class ClusterFailed(ServiceError):
    """The cluster did not answer, or refused."""

    status = 502


class NotReady(ServiceError):
    """Models are still loading, or the process is stopping."""

    status = 503


class DeadlineExceeded(ServiceError):
    """The answer could not be had in the time that the caller gives."""

    status = 504

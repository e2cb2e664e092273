"""Everything that can go wrong between a model's name and its vectors."""


class EncoderError(Exception):
    """Any failure of this room; catch it to catch them all."""


class ModelNotFound(EncoderError, FileNotFoundError):
    """No folder, cached model, package or hub repository answers to the name."""


class NotAModel(EncoderError):
    """The folder is there, but what a model needs is not in it."""


class ModelCorrupt(EncoderError):
    """A downloaded or cached file is not the one that was asked for (wrong sha256)."""


class MissingExtra(EncoderError, ImportError):
    """An optional package is not installed; the sentence has the install command."""


class UntrustedCode(EncoderError, ValueError):
    """The model names code of its own, and the caller has not said that it may run."""


class WrongBackend(EncoderError, ValueError):
    """The model's files are for another backend than the one that was asked for."""


class WorkerDied(EncoderError, RuntimeError):
    """One of several encoding processes ended without an answer."""

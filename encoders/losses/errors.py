"""A batch that does not fit its loss."""

from ..errors import EncoderError


class LossError(EncoderError, ValueError):
    """Columns, labels or scores that a loss cannot be computed from."""

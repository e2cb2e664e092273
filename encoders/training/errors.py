"""What can go wrong in training."""

from ..errors import EncoderError


class TrainingError(EncoderError, ValueError):
    """The data, the loss and the arguments do not fit together, or the run cannot go on."""

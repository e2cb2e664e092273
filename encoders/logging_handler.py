"""Log records between progress bars."""

import logging
import sys

from tqdm.auto import tqdm  # type: ignore[import-untyped]


class LoggingHandler(logging.Handler):
    """Writes records so that a progress bar on the screen stays whole."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        tqdm.write(self.format(record))
        self.flush()


def install_logger(
    given_logger: logging.Logger,
    level: int = logging.WARNING,
    fmt: str = "%(levelname)s:%(name)s:%(message)s",
) -> None:
    """Let a logger write to the error stream in this format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(fmt))
    given_logger.handlers = [handler]
    given_logger.setLevel(level)
    given_logger.propagate = False

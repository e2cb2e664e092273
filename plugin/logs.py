"""Log lines for people, or JSON for machines. Neither ever has a text, a key or a header in it."""

import logging
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson
from opentelemetry import trace

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message; facts of a request, trace, traceback where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "facts", {})
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            line["trace_id"] = trace.format_trace_id(span.trace_id)
            line["span_id"] = trace.format_span_id(span.span_id)
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


class LogSettings(Protocol):
    """How much is logged, and in which form."""

    @property
    def log_level(self) -> str: ...

    @property
    def log_format(self) -> str: ...


def configure(settings: LogSettings) -> None:
    """Set up the process's log; called once, by the process's owner."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else logging.Formatter(_TEXT))
    logging.basicConfig(handlers=[handler], force=True)
    for name in ("outrider", "uvicorn"):
        logging.getLogger(name).setLevel(settings.log_level.upper())

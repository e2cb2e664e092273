"""A real OpenSearch on this machine without Docker, Java or Maven installed beforehand."""

from .engine import Engine
from .errors import LaunchError
from .progress import Report, Step

__all__ = ["Engine", "LaunchError", "Report", "Step"]

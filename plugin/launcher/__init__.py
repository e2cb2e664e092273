"""A real OpenSearch or Elasticsearch on this machine without Docker, Java or Maven installed beforehand."""

from .child import dying_with_parent
from .engine import Engine
from .errors import LaunchError
from .places import engine_root
from .progress import Report, Step

__all__ = ["Engine", "LaunchError", "Report", "Step", "dying_with_parent", "engine_root"]

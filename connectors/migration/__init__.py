"""An alias moved from one index to another that is encoded by other models, and back again."""

from .migrate import Migration, Step, finish, migrate, roll_back
from .verify import Verification, verify

__all__ = ["Migration", "Step", "Verification", "finish", "migrate", "roll_back", "verify"]

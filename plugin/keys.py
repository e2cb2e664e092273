"""API keys: hashed at rest, with scopes."""

import hashlib
import secrets
from collections.abc import Iterable
from enum import StrEnum

from .errors import Forbidden, Unauthorized
from .settings import KeySettings

_PREFIX = "outrider-"


class Scope(StrEnum):
    """What a key is good for. Every key may read models and metrics; health and readiness need none."""

    READ = "read"
    ENCODE = "encode"
    RANK = "rank"
    SEARCH = "search"
    ADMIN = "admin"


def new_key() -> str:
    """A key with 256 random bits; so much chance needs no slow hash."""
    return _PREFIX + secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """What the settings keep of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


class KeyRing:
    """Who may do what. Without keys everybody may do everything, but administer only where nobody else can reach."""

    def __init__(self, keys: Iterable[KeySettings], host: str) -> None:
        self._scopes = {key.sha256: frozenset((Scope.READ, *key.scopes)) for key in keys}
        self._is_private = host in ("127.0.0.1", "::1", "localhost")

    def check(self, headers: Iterable[tuple[bytes, bytes]], scope: Scope) -> None:
        """Raises Unauthorized or Forbidden unless these request headers carry a key with this scope."""
        if not self._scopes:
            self._check_without_keys(scope)
            return
        key = _key(headers)
        if key is None:
            raise Unauthorized("this sidecar asks for a key; send the header Authorization: Bearer KEY")
        scopes = self._scopes.get(digest(key))
        if scopes is None:
            raise Unauthorized("the key is not known here; check it, or add its hash to api_keys")
        if scope not in scopes:
            raise Forbidden(f"the key has the scopes {', '.join(sorted(scopes))}; this route needs {scope}")

    def _check_without_keys(self, scope: Scope) -> None:
        if scope is Scope.ADMIN and not self._is_private:
            raise Forbidden(
                "without api_keys, models are loaded and unloaded only where the sidecar listens on 127.0.0.1"
            )


def _key(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The key under OpenAI's, Cohere's and Hugging Face's header, or under X-API-Key."""
    for name, value in headers:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip().decode("latin-1")
        if name in (b"x-api-key", b"api-key"):
            return value.strip().decode("latin-1")
    return None

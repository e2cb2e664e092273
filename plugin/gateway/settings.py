"""What a gateway runs with."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args
from urllib.parse import unquote, urlsplit

from ..errors import SettingsInvalid
from .searches import Choice


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Where requests go, who encodes, and how long is waited.

    `searches` says what becomes of those that do not say `x-outrider: hybrid` or `pass` themselves.
    `spec_interval_s` is how often it is asked which indices have a spec, `complete_interval_s` how often for documents
    that lack their vectors. `ca_file` is trusted where the cluster's URL is https.
    """

    cluster: str
    sidecar: str | None = None
    host: str = "127.0.0.1"
    port: int = 9201
    searches: Choice = "hybrid"
    sidecar_key: str | None = None
    write_patience_s: float = 10.0
    search_patience_s: float = 1.0
    spec_interval_s: float = 1.0
    complete_interval_s: float = 2.0
    body_limit_bytes: int = 104_857_600
    ca_file: Path | None = None
    certificate: Path | None = None
    certificate_key: Path | None = None
    metrics_port: int | None = None
    log_level: str = "info"
    log_format: str = "text"

    def __post_init__(self) -> None:
        parts = urlsplit(self.cluster)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsInvalid(f"{self.cluster!r} is no cluster address: write it like http://localhost:9200")

    @property
    def login(self) -> tuple[str, str] | None:
        """The gateway's own account, from the cluster's URL."""
        parts = urlsplit(self.cluster)
        return (unquote(parts.username), unquote(parts.password or "")) if parts.username else None

    @property
    def address(self) -> str:
        """The cluster's URL without the account."""
        parts = urlsplit(self.cluster)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def choice(given: str) -> Choice:
    """What `--searches` says. Raises SettingsInvalid."""
    if given in get_args(Choice):
        return cast(Choice, given)
    raise SettingsInvalid(f"--searches {given!r} is not known; use {' or '.join(get_args(Choice))}")


def listen_address(given: str) -> tuple[str, int]:
    """The parts of HOST:PORT. Raises SettingsInvalid."""
    host, _, port = given.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise SettingsInvalid(f"--listen {given!r} is not HOST:PORT: write it like 0.0.0.0:9200 or 127.0.0.1:9201")
    return host.strip("[]"), int(port)

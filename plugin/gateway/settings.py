"""What a gateway runs with."""

from dataclasses import dataclass
from typing import Literal, cast, get_args
from urllib.parse import urlsplit

from ..errors import SettingsInvalid

WhenDown = Literal["pending", "refuse"]


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Where requests go, who encodes, and how long is waited.

    `when_encoder_down` says what becomes of writes that cannot be encoded: stored without vectors and marked as
    pending, or refused. `spec_ttl_s` is how long an index is trusted to have the spec that it had.
    """

    cluster: str
    sidecar: str | None = None
    host: str = "127.0.0.1"
    port: int = 9201
    when_encoder_down: WhenDown = "refuse"
    api_key: str | None = None
    write_patience_s: float = 10.0
    search_patience_s: float = 1.0
    connect_timeout_s: float = 5.0
    spec_ttl_s: float = 2.0
    bulk_limit_bytes: int = 104_857_600

    def __post_init__(self) -> None:
        parts = urlsplit(self.cluster)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsInvalid(f"{self.cluster!r} is no cluster address: write it like http://localhost:9200")


def when_down(given: str) -> WhenDown:
    """What `--when-encoder-down` says. Raises SettingsInvalid."""
    if given in get_args(WhenDown):
        return cast(WhenDown, given)
    raise SettingsInvalid(f"--when-encoder-down {given!r} is not known; use {' or '.join(get_args(WhenDown))}")


def listen_address(given: str) -> tuple[str, int]:
    """The parts of HOST:PORT. Raises SettingsInvalid."""
    host, _, port = given.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise SettingsInvalid(f"--listen {given!r} is not HOST:PORT: write it like 0.0.0.0:9200 or 127.0.0.1:9201")
    return host.strip("[]"), int(port)

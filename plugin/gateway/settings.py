"""What a gateway runs with."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from ..errors import SettingsInvalid


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Where requests go and who encodes."""

    cluster: str
    sidecar: str | None = None
    host: str = "127.0.0.1"
    port: int = 9201

    def __post_init__(self) -> None:
        parts = urlsplit(self.cluster)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsInvalid(f"{self.cluster!r} is no cluster address: write it like http://localhost:9200")


def listen_address(given: str) -> tuple[str, int]:
    """The parts of HOST:PORT. Raises SettingsInvalid."""
    host, _, port = given.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise SettingsInvalid(f"--listen {given!r} is not HOST:PORT: write it like 0.0.0.0:9200 or 127.0.0.1:9201")
    return host.strip("[]"), int(port)

"""The encoder that commands and workers open."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrider.connectors import Encoder, IndexSpec


def open_encoder(
    sidecar: str | None, key: str | None = None, spec: "IndexSpec | None" = None, **models: str | None
) -> "Encoder":
    """The sidecar at this URL, or models in this process: those named by kind, else the first or the ready ones.

    None leaves a kind out. Of a sidecar's models of one kind, that which the index of `spec` was made with comes first.
    """
    if sidecar is None:
        from .local_encoder import LocalEncoder

        return LocalEncoder(**models)
    from .client import SidecarClient

    return SidecarClient(sidecar, api_key=key, only=models, first=spec.fingerprints().values() if spec else ())

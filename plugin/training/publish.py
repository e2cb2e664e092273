"""A trained folder into the place that a running sidecar serves from."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from outrider.connectors import Cluster, require_spec
from outrider.encoders import open_model

from ..client import SidecarClient
from ..errors import SettingsInvalid, SidecarRefused


@dataclass(frozen=True)
class Published:
    """What is served now, and what it means for the indices made with the model before."""

    name: str
    kind: str
    fingerprint: str
    previous: Path | None

    @property
    def next_step(self) -> str:
        """What is left to do for the indices."""
        if self.kind == "rerank":
            return "nothing is left to do: a reranker has no vectors in any index"
        return (
            "indices hold vectors of another model, which do not compare with this one's: "
            f"outrider migrate URL ALIAS --to-models {self.kind}={self.name} --sidecar URL"
        )


def check_free(cluster: Cluster, alias: str, name: str, model: Path, served: Path) -> None:
    """Raises SettingsInvalid where the index behind `alias` was made with another model of this name.

    It would be searched by the new one until the alias moves, which is refused. Raises BadSpec for an index without
    a spec.
    """
    models = require_spec(cluster, alias).models
    is_in_use = any(each and each.name == name for each in (models.dense, models.sparse))
    if is_in_use and open_model(served).fingerprint != open_model(model).fingerprint:
        raise SettingsInvalid(
            f"the index behind '{alias}' was made with {name!r}, and could not be searched from now until the alias "
            "moves; give the new model an entry of its own in the sidecar's settings, with another folder"
        )


def publish(model: Path, served: Path, name: str, sidecar: SidecarClient) -> Published:
    """Put a copy of `model` where the sidecar's settings say that `name` lies, and let it load it; no request is lost.

    What was there is kept as `<served>.previous`, and comes back if the sidecar refuses the new one.
    Raises NotAModel, SettingsInvalid, SidecarRefused or EncoderUnavailable.
    """
    if model.resolve() == served.resolve():
        raise SettingsInvalid(f"{str(model)!r} is what the sidecar serves from already; publish into another folder")
    kind = open_model(model).kind  # a folder that does not open here is not given to a sidecar
    staged, previous = _beside(served, "staged"), _beside(served, "previous")
    try:
        shutil.rmtree(staged, ignore_errors=True)
        shutil.copytree(model, staged)
        had = _swap(staged, served, previous)
    except OSError as err:
        shutil.rmtree(staged, ignore_errors=True)
        raise SettingsInvalid(f"the model could not be copied to {str(served)!r}: {err.strerror or err}") from err
    try:
        facts = sidecar.load(name)
    except SidecarRefused:
        _swap(previous if had else None, served, _beside(served, "refused"))
        raise
    return Published(facts["name"], kind, facts["fingerprint"], previous if had else None)


def _swap(fresh: Path | None, served: Path, aside: Path) -> bool:
    """`fresh` takes the place of `served`, which goes aside; gives whether there was one."""
    had = served.is_dir()
    if had:
        shutil.rmtree(aside, ignore_errors=True)
        served.rename(aside)
    if fresh is not None:
        fresh.rename(served)
    return had


def _beside(folder: Path, word: str) -> Path:
    return folder.with_name(f"{folder.name}.{word}")

"""What stands between an index as it is and as a file declares it. Reads, and changes nothing."""

from dataclasses import dataclass, replace

from ..backfill import fresh_spec_in_place
from ..client import Cluster, DryRun
from ..doctor import read_capabilities
from ..errors import BadSpec, SettingInTheWay, SpecUnreadable
from ..index import ensure_index, fresh_spec, index_exists, live_properties, read_spec, spec_is_as_written
from ..ports import Models
from ..registration import native_spec, register, unregister
from ..request import Request
from ..semantic_registration import refuse_registered
from ..spec import DenseField, IndexSpec, SparseField
from ..specfile import Declared
from .changes import Change, mapping_changes, spec_changes


@dataclass(frozen=True, slots=True)
class Plan:
    """`spec` is what the index should have, `changes` are what differs, `requests` what would be sent.

    `notes` are what is worth knowing beside: what was changed by hand.
    """

    spec: IndexSpec
    stored: IndexSpec | None
    exists: bool
    changes: tuple[Change, ...]
    requests: tuple[Request, ...]
    notes: tuple[str, ...] = ()

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """What cannot be changed in this index."""
        return tuple(change for change in self.changes if change.kind == "conflict")

    @property
    def is_empty(self) -> bool:
        return not self.changes and not self.requests


def make_plan(
    cluster: Cluster, declared: Declared, models: Models, *, sidecar_url: str | None = None, api_key: str | None = None
) -> Plan:
    """Compare. Raises BadSpec or ModelMismatch where the file does not go with these models."""
    index = declared.template.index
    notes: list[str] = []
    stored, exists = _stored(cluster, index, notes), index_exists(cluster, index)
    spec = _wanted(cluster, declared, models, stored, exists)
    changes = [*spec_changes(stored, spec)]
    live = live_properties(cluster, index) if exists else None
    if live is not None:
        changes += mapping_changes(live, cluster.dialect.own_properties(spec))
    if any(change.kind == "conflict" for change in changes):
        return Plan(spec, stored, exists, tuple(changes), (), tuple(notes))
    dry = DryRun(cluster)
    try:
        bring_about(dry, spec, stored, sidecar_url, api_key)
    except SettingInTheWay as err:
        notes.append(str(err))
    return Plan(spec, stored, exists, tuple(changes), tuple(dry.requests), tuple(notes))


def bring_about(
    cluster: Cluster,
    spec: IndexSpec,
    stored: IndexSpec | None,
    sidecar_url: str | None,
    api_key: str | None,
    *,
    apply_settings: bool = False,
) -> None:
    """Make the index what the spec says; what is there already stays as it is."""
    if spec.way == "native":
        if sidecar_url is None:
            raise BadSpec(f"index '{spec.index}' has way native: say where the cluster reaches the sidecar (--sidecar)")
        register(cluster, spec, sidecar_url, api_key=api_key, apply_settings=apply_settings)
        return
    if stored is not None and stored.pipelines is not None:
        unregister(cluster, spec.index)
    ensure_index(cluster, spec)


def _stored(cluster: Cluster, index: str, notes: list[str]) -> IndexSpec | None:
    if not spec_is_as_written(cluster, index):
        notes.append(f"the spec in the mapping of '{index}' was changed by hand")
    try:
        return read_spec(cluster, index)
    except SpecUnreadable as err:
        notes.append(str(err))
        return None


def _wanted(cluster: Cluster, declared: Declared, models: Models, stored: IndexSpec | None, exists: bool) -> IndexSpec:
    """The declared spec; what the file leaves open is as it is, or as it is best for this cluster."""
    template = declared.template
    if stored is not None:
        refuse_registered(stored)
    if template.way == "native" and cluster.dialect.name == "Elasticsearch":
        raise BadSpec(
            f"index '{template.index}' has way native, which on Elasticsearch is set up by `outrider register` alone: "
            f"use that, or leave way out of the file"
        )
    dense, sparse = _fields(cluster, declared, models, stored, exists)
    spec = declared.spec(models, dense, sparse)
    if stored is not None:
        spec = replace(
            spec,
            models=_same_names(spec.models, stored.models),
            id_field=template.id_field or stored.id_field,
            follower=stored.follower,
        )
    return native_spec(spec) if spec.way == "native" else spec


def _fields(
    cluster: Cluster, declared: Declared, models: Models, stored: IndexSpec | None, exists: bool
) -> tuple[DenseField | None, SparseField | None]:
    """The fields for these models' vectors: those that the index has, else those that it can have."""
    template = declared.template
    if stored is None:
        made_for = fresh_spec_in_place if exists else fresh_spec
        fresh = made_for(cluster, template.index, template.text_fields, models)
        return fresh.dense, fresh.sparse
    capabilities, dialect = read_capabilities(cluster), cluster.dialect
    dense = stored.dense or (dialect.dense_field(capabilities, models.dimension) if models.dimension else None)
    if dense and models.dimension:
        dense = replace(dense, dimension=models.dimension)
    return dense, stored.sparse or dialect.sparse_field(capabilities)


def _same_names(models: Models, stored: Models) -> Models:
    """A model that is served by another name is the same model where its fingerprint is."""
    named = {kind: (getattr(models, kind), getattr(stored, kind)) for kind in ("dense", "sparse", "rerank")}
    return replace(
        models,
        **{kind: old for kind, (new, old) in named.items() if new and old and new.fingerprint == old.fingerprint},
    )

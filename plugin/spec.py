"""The spec of an index that is new to us: what to search, by the models at hand, on the cluster at hand."""

from dataclasses import replace

from outrider.connectors import (
    BadSpec,
    Cluster,
    DenseField,
    Encoder,
    IndexSpec,
    SparseField,
    read_capabilities,
    read_spec,
)


def spec_for(
    cluster: Cluster, encoder: Encoder, index: str, text_fields: tuple[str, ...], id_field: str | None = None
) -> IndexSpec:
    """The spec that the index was made with; for a new one, vectors as the cluster stores them best.

    Raises BadSpec for a new index without text fields.
    """
    stored = read_spec(cluster, index)
    if stored is not None and text_fields in ((), stored.text_fields):
        return replace(stored, id_field=id_field or stored.id_field)
    if not text_fields:
        raise BadSpec(f"index '{index}' is new here: say which fields to search, such as --text title,body")
    models = encoder.models
    kind = "knn_vector" if models.dense and read_capabilities(cluster).has_knn else "binary"
    return IndexSpec(
        index=index,
        text_fields=text_fields,
        models=models,
        dense=DenseField(models.dimension, kind=kind) if models.dense and models.dimension else None,
        sparse=SparseField() if models.sparse else None,
        id_field=id_field,
    )

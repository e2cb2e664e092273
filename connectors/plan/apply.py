"""A plan carried out."""

from ..client import Cluster
from ..errors import BadSpec
from .plan import Plan, bring_about


def apply(
    cluster: Cluster,
    plan: Plan,
    *,
    sidecar_url: str | None = None,
    api_key: str | None = None,
    apply_settings: bool = False,
) -> None:
    """Do what was planned; run again, it changes nothing. Raises BadSpec where there are conflicts."""
    if plan.conflicts:
        told = "\n".join(f"  {change}" for change in plan.conflicts)
        raise BadSpec(f"index '{plan.spec.index}' cannot become what the file says:\n{told}")
    bring_about(cluster, plan.spec, plan.stored, sidecar_url, api_key, apply_settings=apply_settings)

"""Token weights in the form that rank_features fields and rank_feature queries take."""

import math
from collections.abc import Mapping

MAX_QUERY_WEIGHT = 64.0  # neural_sparse refuses more
MAX_CLAUSES = 1023  # one below indices.query.bool.max_clause_count: 1024 clauses are already refused
_SMALLEST_NORMAL = 1.17549435e-38  # rank_features refuses zero, negative and subnormal weights


def escape_token(token: str) -> str:
    """A token as a feature name: rank_feature queries split at the last dot, so that `a.b` could never be found.

    Percent-encoding of the two characters concerned; no two tokens get the same name.
    """
    return token.replace("%", "%25").replace(".", "%2E")


def unescape_token(name: str) -> str:
    return name.replace("%2E", ".").replace("%25", "%")


def feature_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """What a rank_features field accepts of these weights: positive, finite, named without dots."""
    return {escape_token(token): float(weight) for token, weight in weights.items() if token and _is_storable(weight)}


def query_weights(weights: Mapping[str, float], limit: int = MAX_CLAUSES) -> dict[str, float]:
    """What a query accepts of these weights: the `limit` heaviest, none above 64."""
    heaviest = sorted(feature_weights(weights).items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
    return {token: min(weight, MAX_QUERY_WEIGHT) for token, weight in heaviest}


def _is_storable(weight: float) -> bool:
    return math.isfinite(weight) and weight >= _SMALLEST_NORMAL

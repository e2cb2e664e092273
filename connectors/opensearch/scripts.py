"""Painless sources: scoring byte vectors, and joining texts at ingest."""

from ..spec import Space

# Numbers travel as the bytes of big-endian float32, in the document as doc values, in `query` as one character a byte:
# twice as fast as a list of numbers, which painless unboxes one by one.
# 255 and not 0xff: painless fails with "Illegal tree structure" on `(b & 0xff) << 24`.
_VECTOR_LOOP = """
BytesRef vector = doc[params.field].value;
byte[] v = vector.bytes;
int at = vector.offset;
String query = params.query;
float sum = 0;
for (int i = 0; i < query.length(); i += 4) {
  float x = Float.intBitsToFloat(((v[at + i] & 255) << 24) | ((v[at + i + 1] & 255) << 16)
    | ((v[at + i + 2] & 255) << 8) | (v[at + i + 3] & 255));
  float y = Float.intBitsToFloat(((int) query.charAt(i) << 24) | ((int) query.charAt(i + 1) << 16)
    | ((int) query.charAt(i + 2) << 8) | (int) query.charAt(i + 3));
  sum += STEP;
}
return SCORE;
"""


def _vector_score(step: str, score: str) -> str:
    return _VECTOR_LOOP.replace("STEP", step).replace("SCORE", score)


# The scores that the k-NN plugin gives in each space, so that byte vectors and knn_vector score alike.
VECTOR_SCORE: dict[Space, str] = {
    "cosinesimil": _vector_score("x * y", "Math.max(0, (1 + sum) / 2)"),
    "innerproduct": _vector_score("x * y", "sum >= 0 ? sum + 1 : 1 / (1 - sum)"),
    "l2": _vector_score("(x - y) * (x - y)", "1 / (1 + sum)"),
}

"""How good a pair scorer is."""

from ...lazy import on_first_use

_NAMES = {
    "CEBinaryAccuracyEvaluator": "deprecated",
    "CEBinaryClassificationEvaluator": "deprecated",
    "CECorrelationEvaluator": "deprecated",
    "CEF1Evaluator": "deprecated",
    "CERerankingEvaluator": "deprecated",
    "CESoftmaxAccuracyEvaluator": "deprecated",
    "CrossEncoderClassificationEvaluator": "classification",
    "CrossEncoderCorrelationEvaluator": "correlation",
    "CrossEncoderNanoBEIREvaluator": "nano_beir",
    "CrossEncoderRerankingEvaluator": "reranking",
}

__getattr__, __dir__ = on_first_use(__name__, _NAMES)

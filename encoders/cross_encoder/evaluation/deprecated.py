"""The evaluators' names before version 4; each warns and is what came after it."""

from typing import Any

from ...renames import warn_renamed
from .classification import CrossEncoderClassificationEvaluator
from .correlation import CrossEncoderCorrelationEvaluator
from .reranking import CrossEncoderRerankingEvaluator


class CEBinaryAccuracyEvaluator(CrossEncoderClassificationEvaluator):
    """Now CrossEncoderClassificationEvaluator."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warn_renamed("evaluation", type(self).__name__, "CrossEncoderClassificationEvaluator")
        super().__init__(*args, **kwargs)


class CEBinaryClassificationEvaluator(CEBinaryAccuracyEvaluator):
    """Now CrossEncoderClassificationEvaluator."""


class CEF1Evaluator(CEBinaryAccuracyEvaluator):
    """Now CrossEncoderClassificationEvaluator."""


class CESoftmaxAccuracyEvaluator(CEBinaryAccuracyEvaluator):
    """Now CrossEncoderClassificationEvaluator."""


class CECorrelationEvaluator(CrossEncoderCorrelationEvaluator):
    """Now CrossEncoderCorrelationEvaluator."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warn_renamed("evaluation", type(self).__name__, "CrossEncoderCorrelationEvaluator")
        super().__init__(*args, **kwargs)


class CERerankingEvaluator(CrossEncoderRerankingEvaluator):
    """Now CrossEncoderRerankingEvaluator."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warn_renamed("evaluation", type(self).__name__, "CrossEncoderRerankingEvaluator")
        super().__init__(*args, **kwargs)

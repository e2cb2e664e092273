"""The dense losses with the defaults that suit sparse embeddings: dot product, no blown-up scale."""

from typing import Any

from ...losses.distillation import DistillKLDivLoss, MarginMSELoss
from ...losses.order import AnglELoss, CoSENTLoss
from ...losses.ranking import MultipleNegativesRankingLoss
from ...losses.regression import CosineSimilarityLoss, MSELoss
from ...losses.triplet import TripletLoss
from ...util.similarity import cos_sim, dot_score, pairwise_dot_score


class SparseMultipleNegativesRankingLoss(MultipleNegativesRankingLoss):
    """InfoNCE over in-batch and hard negatives (arXiv:1705.00652, section 4.4), on dot products."""

    def __init__(
        self, model: Any, scale: float = 1.0, similarity_fct: Any = dot_score, gather_across_devices: bool = False
    ) -> None:
        super().__init__(model, scale, similarity_fct, gather_across_devices)


class SparseDistillKLDivLoss(DistillKLDivLoss):
    """KL divergence from the teacher's distribution (arXiv:2010.11386), smoothed by temperature 2."""

    def __init__(self, model: Any, similarity_fct: Any = pairwise_dot_score, temperature: float = 2.0) -> None:
        super().__init__(model, similarity_fct, temperature)


class SparseMarginMSELoss(MarginMSELoss):
    """MarginMSE (arXiv:2010.02666)."""


class SparseTripletLoss(TripletLoss):
    """max(d(a, p) - d(a, n) + margin, 0) (arXiv:1503.03832, section 3)."""


class SparseCosineSimilarityLoss(CosineSimilarityLoss):
    """||label - cos(u, v)||^2 (arXiv:1908.10084, section 3)."""


class SparseCoSENTLoss(CoSENTLoss):
    """CoSENT (Su 2022); by default over the cosines of all rows with all, as in Sentence Transformers."""

    def __init__(self, model: Any, scale: float = 20.0, similarity_fct: Any = cos_sim) -> None:
        super().__init__(model, scale, similarity_fct)


class SparseAnglELoss(AnglELoss):
    """AnglE (arXiv:2309.12871)."""


class SparseMSELoss(MSELoss):
    """Squared distance to a teacher's embedding (arXiv:2004.09813, section 2)."""

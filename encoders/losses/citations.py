"""Papers behind the losses, as the model card cites them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    """One reference; `number` is that of arXiv, where the paper is there."""

    title: str
    author: str
    year: int
    number: str = ""
    where: str = ""


PAPERS = {
    "sentence-bert": Paper(
        "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks", "Reimers, Nils and Gurevych, Iryna", 2019,
        "1908.10084",
    ),
    "smart-reply": Paper(
        "Efficient Natural Language Response Suggestion for Smart Reply", "Henderson, Matthew and others", 2017,
        "1705.00652",
    ),
    "grad-cache": Paper(
        "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", "Gao, Luyu and others", 2021,
        "2101.06983",
    ),
    "gist": Paper(
        "GISTEmbed: Guided In-sample Selection of Training Negatives for Text Embedding Fine-tuning",
        "Solatorio, Aivin V.", 2024, "2402.16829",
    ),
    "cosent": Paper("CoSENT: A more efficient sentence vector scheme than Sentence-BERT", "Su, Jianlin", 2022,
                    where="https://kexue.fm/archives/8847"),
    "angle": Paper("AnglE-optimized Text Embeddings", "Li, Xianming and Li, Jing", 2023, "2309.12871"),
    "contrastive": Paper(
        "Dimensionality Reduction by Learning an Invariant Mapping",
        "Hadsell, Raia and Chopra, Sumit and LeCun, Yann", 2006, where="CVPR 2006",
    ),
    "triplet": Paper(
        "In Defense of the Triplet Loss for Person Re-Identification",
        "Hermans, Alexander and Beyer, Lucas and Leibe, Bastian", 2017, "1703.07737",
    ),
    "facenet": Paper(
        "FaceNet: A Unified Embedding for Face Recognition and Clustering",
        "Schroff, Florian and Kalenichenko, Dmitry and Philbin, James", 2015, "1503.03832",
    ),
    "contrastive-tension": Paper(
        "Semantic Re-tuning with Contrastive Tension", "Carlsson, Fredrik and others", 2021, where="ICLR 2021",
    ),
    "tsdae": Paper(
        "TSDAE: Using Transformer-based Sequential Denoising Auto-Encoder for Unsupervised Sentence Embedding Learning",
        "Wang, Kexin and Reimers, Nils and Gurevych, Iryna", 2021, "2104.06979",
    ),
    "multilingual": Paper(
        "Making Monolingual Sentence Embeddings Multilingual using Knowledge Distillation",
        "Reimers, Nils and Gurevych, Iryna", 2020, "2004.09813",
    ),
    "margin-mse": Paper(
        "Improving Efficient Neural Ranking Models with Cross-Architecture Knowledge Distillation",
        "Hofstätter, Sebastian and others", 2020, "2010.02666",
    ),
    "kl-distill": Paper(
        "Distilling Dense Representations for Ranking using Tightly-Coupled Teachers",
        "Lin, Sheng-Chieh and Yang, Jheng-Hong and Lin, Jimmy", 2020, "2010.11386",
    ),
    "mega-batch": Paper(
        "ParaNMT-50M: Pushing the Limits of Paraphrastic Sentence Embeddings with Millions of Machine Translations",
        "Wieting, John and Gimpel, Kevin", 2018, "1711.05732",
    ),
    "matryoshka": Paper("Matryoshka Representation Learning", "Kusupati, Aditya and others", 2022, "2205.13147"),
    "2d-matryoshka": Paper("2D Matryoshka Sentence Embeddings", "Li, Xianming and others", 2024, "2402.14776"),
    "splade": Paper(
        "From Distillation to Hard Negative Sampling: Making Sparse Neural IR Models More Effective",
        "Formal, Thibault and others", 2022, "2205.04733",
    ),
    "flops": Paper("Minimizing FLOPs to Learn Efficient Sparse Representations", "Paria, Biswajit and others", 2020,
                   "2004.05665"),
    "csr": Paper("Beyond Matryoshka: Revisiting Sparse Coding for Adaptive Representation", "Wen, Tiansheng and others",
                 2025, "2503.01776"),
    "listnet": Paper("Learning to Rank: From Pairwise Approach to Listwise Approach", "Cao, Zhe and others", 2007,
                     where="ICML 2007"),
    "listmle": Paper("Listwise approach to learning to rank: theory and algorithm", "Xia, Fen and others", 2008,
                     where="ICML 2008"),
    "plistmle": Paper("Position-Aware ListMLE: A Sequential Learning Process for Ranking", "Lan, Yanyan and others",
                      2014, where="UAI 2014"),
    "lambda": Paper("The LambdaLoss Framework for Ranking Metric Optimization", "Wang, Xuanhui and others", 2018,
                    where="CIKM 2018"),
    "ranknet": Paper("Learning to Rank using Gradient Descent", "Burges, Chris and others", 2005, where="ICML 2005"),
}  # fmt: skip


def bibtex(key: str) -> str:
    """The entry of a paper."""
    paper = PAPERS[key]
    place = (
        f"    eprint={{{paper.number}}},\n    archivePrefix={{arXiv}},\n"
        if paper.number
        else f"    howpublished={{{paper.where}}},\n"
    )
    return (
        f"@misc{{{key.replace('-', '')}{paper.year},\n    title={{{paper.title}}},\n    author={{{paper.author}}},\n"
        f"    year={{{paper.year}}},\n{place}}}\n"
    )

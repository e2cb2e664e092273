"""The word tokenisers, under the name that user code imports them by."""

from ..modules.stop_words import ENGLISH_STOP_WORDS
from ..modules.word_tokenizer import PhraseTokenizer, TransformersTokenizerWrapper, WhitespaceTokenizer, WordTokenizer

__all__ = [
    "ENGLISH_STOP_WORDS",
    "PhraseTokenizer",
    "TransformersTokenizerWrapper",
    "WhitespaceTokenizer",
    "WordTokenizer",
]

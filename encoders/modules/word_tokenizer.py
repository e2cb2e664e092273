"""Texts into words of a fixed vocabulary."""
# ruff: noqa: ARG002, ARG003 -- signatures of Sentence Transformers

import json
import string
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from ..errors import MissingExtra
from .stop_words import ENGLISH_STOP_WORDS


class WordTokenizer(ABC):
    """Gives the ids of the words of a text that are in the vocabulary."""

    @abstractmethod
    def set_vocab(self, vocab: Iterable[str]) -> None:
        """Take this vocabulary; ids are its positions."""

    @abstractmethod
    def get_vocab(self) -> list[str]:
        """The vocabulary, in the order of ids."""

    @abstractmethod
    def tokenize(self, text: str, **kwargs: Any) -> list[int]:
        """The ids of the words of a text."""

    @abstractmethod
    def save(self, output_path: str) -> None:
        """Write the tokeniser's configuration."""

    @classmethod
    @abstractmethod
    def load(cls, input_path: str, **kwargs: Any) -> Self:
        """Read it back."""


class WhitespaceTokenizer(WordTokenizer):
    """Splits at white space; a word not in the vocabulary is tried again without marks around it, and in lower case."""

    config_file_name = "whitespacetokenizer_config.json"

    def __init__(
        self,
        vocab: Iterable[str] = (),
        stop_words: Iterable[str] = ENGLISH_STOP_WORDS,
        do_lower_case: bool = False,
    ) -> None:
        self.stop_words = set(stop_words)
        self.do_lower_case = do_lower_case
        self.set_vocab(vocab)

    def set_vocab(self, vocab: Iterable[str]) -> None:
        """Take this vocabulary; ids are its positions."""
        self.vocab = list(vocab)
        self.word2idx = {word: index for index, word in enumerate(self.vocab)}

    def get_vocab(self) -> list[str]:
        """The vocabulary, in the order of ids."""
        return self.vocab

    def tokenize(self, text: str, **kwargs: Any) -> list[int]:
        """The ids of the words of a text, stop words and unknown words left out."""
        words = (text.lower() if self.do_lower_case else text).split()
        found = (self._find(word) for word in words)
        return [index for index in found if index is not None]

    def _find(self, word: str) -> int | None:
        bare = word.strip(string.punctuation)
        for form in (word, bare, bare.lower()):
            if form in self.stop_words:
                return None
            if form in self.word2idx:
                return self.word2idx[form]
        return None

    def get_config_dict(self) -> dict[str, Any]:
        """What is saved."""
        return {"vocab": self.vocab, "stop_words": sorted(self.stop_words), "do_lower_case": self.do_lower_case}

    def save(self, output_path: str) -> None:
        """Write the tokeniser's configuration."""
        Path(output_path).mkdir(parents=True, exist_ok=True)
        (Path(output_path) / self.config_file_name).write_text(json.dumps(self.get_config_dict()), encoding="utf-8")

    @classmethod
    def load(cls, input_path: str, **kwargs: Any) -> Self:
        """Read it back."""
        config = json.loads((Path(input_path) / cls.config_file_name).read_text(encoding="utf-8"))
        return cls(**config)


class PhraseTokenizer(WhitespaceTokenizer):
    """Splits with NLTK and joins words that the vocabulary has as a phrase (`new_york`), the longest first."""

    config_file_name = "phrasetokenizer_config.json"

    def __init__(
        self,
        vocab: Iterable[str] = (),
        stop_words: Iterable[str] = ENGLISH_STOP_WORDS,
        do_lower_case: bool = False,
        ngram_separator: str = "_",
        max_ngram_length: int = 5,
    ) -> None:
        self.ngram_separator = ngram_separator
        self.max_ngram_length = max_ngram_length
        super().__init__(vocab, stop_words, do_lower_case)

    def set_vocab(self, vocab: Iterable[str]) -> None:
        """Take this vocabulary; phrases are the words with the separator in them."""
        super().set_vocab(vocab)
        sizes = {word.count(self.ngram_separator) + 1 for word in self.vocab if self.ngram_separator in word}
        self.ngram_lengths = sorted((size for size in sizes if 1 < size <= self.max_ngram_length), reverse=True)

    def tokenize(self, text: str, **kwargs: Any) -> list[int]:
        """The ids of phrases and words."""
        words = self._phrases(_nltk_words(text))
        found = (self._find(word.lower() if self.do_lower_case else word) for word in words)
        return [index for index in found if index is not None]

    def _phrases(self, words: list[str]) -> list[str]:
        for size in self.ngram_lengths:
            start = 0
            while start + size <= len(words):
                phrase = self.ngram_separator.join(words[start : start + size])
                if phrase in self.word2idx or phrase.lower() in self.word2idx:
                    words[start : start + size] = [phrase if phrase in self.word2idx else phrase.lower()]
                start += 1
        return words

    def get_config_dict(self) -> dict[str, Any]:
        """What is saved."""
        own = {"ngram_separator": self.ngram_separator, "max_ngram_length": self.max_ngram_length}
        return super().get_config_dict() | own


class TransformersTokenizerWrapper(WordTokenizer):
    """A Hugging Face tokeniser as a word tokeniser."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def set_vocab(self, vocab: Iterable[str]) -> None:
        """The vocabulary is the tokeniser's own."""
        raise NotImplementedError("the vocabulary of a Hugging Face tokeniser is its own and cannot be set")

    def get_vocab(self) -> list[str]:
        """The tokens, in the order of ids."""
        return [token for token, _ in sorted(self.tokenizer.get_vocab().items(), key=lambda item: item[1])]

    def tokenize(self, text: str, **kwargs: Any) -> list[int]:
        """The ids of a text, without special tokens."""
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def save(self, output_path: str) -> None:
        """Write the tokeniser's files."""
        self.tokenizer.save_pretrained(output_path)

    @classmethod
    def load(cls, input_path: str, **kwargs: Any) -> Self:
        """Read it back."""
        from transformers import AutoTokenizer

        return cls(AutoTokenizer.from_pretrained(input_path))


def _nltk_words(text: str) -> list[str]:
    try:
        from nltk import word_tokenize  # type: ignore[import-not-found, unused-ignore]
    except ImportError as err:
        raise MissingExtra("PhraseTokenizer splits words with NLTK: pip install nltk") from err
    words: list[str] = word_tokenize(text, preserve_line=True)
    return words

"""Examples, readers, datasets and import paths of old: what they gave, with a warning at the line that asks."""

import gzip
import random
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sentence_transformers as reference
from sentence_transformers import datasets as their_datasets
from sentence_transformers import readers as their_readers
from sentence_transformers.readers.PairedFilesReader import PairedFilesReader
from torch.utils.data import DataLoader

from outrider import encoders
from outrider.encoders import TrainingError, datasets, readers
from outrider.encoders.readers.example import example

Build = Callable[[Any, Any], Any]


def warned(build: Callable[[], Any]) -> Any:
    """What is built, once it is sure that the warning names this file."""
    with pytest.warns(DeprecationWarning, match="is deprecated; use") as caught:
        made = build()
    assert [one.filename for one in caught] == [__file__]
    return made


def said(examples: Any) -> list[tuple[Any, Any]]:
    return [(list(one.texts), one.label) for one in examples]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = {
        "labels.tsv": "cat\tone sentence\ndog\tanother one\ncat\tone more\n",
        "scores.tsv": "a b\tc d\t5.0\ne\tf\t2.5\ng\th\t0\n",
        "sts.csv": "main\tx\ty\t1\t2.5\tleft text\tright text\nmain\tx\ty\t2\t0\tl\tr\n",
        "triplets.tsv": "q\tp\tn\nanchor\tpositive\tnegative\n",
        "one.txt": "hello\nworld\n",
        "two.txt": "hallo\nwelt\nmehr\n",
        "parallel.tsv": "hello\thallo\thola\nworld\twelt\n",
    }
    for name, text in lines.items():
        (tmp_path / name).write_text(text)
    for part, text in (("s1", "a\nb\n"), ("s2", "c\nd\n"), ("labels", "neutral\nEntailment\n")):
        with gzip.open(tmp_path / f"{part}.train.gz", "wt") as file:
            file.write(text)
    return tmp_path


READERS: dict[str, tuple[Build, tuple[Any, ...]]] = {
    "LabelSentenceReader": (lambda one, at: one.LabelSentenceReader(str(at)), ("labels.tsv",)),
    "LabelSentenceReader, two": (lambda one, at: one.LabelSentenceReader(str(at)), ("labels.tsv", 2)),
    "STSDataReader": (lambda one, at: one.STSDataReader(str(at)), ("scores.tsv",)),
    "STSDataReader, as they are": (
        lambda one, at: one.STSDataReader(str(at), normalize_scores=False),
        ("scores.tsv", 1),
    ),
    "STSBenchmarkDataReader": (lambda one, at: one.STSBenchmarkDataReader(str(at)), ("sts.csv",)),
    "TripletReader": (lambda one, at: one.TripletReader(str(at)), ("triplets.tsv",)),
    "TripletReader, header": (lambda one, at: one.TripletReader(str(at), has_header=True), ("triplets.tsv", 1)),
    "PairedFilesReader": (lambda one, at: one.PairedFilesReader([str(at / "one.txt"), str(at / "two.txt")]), ()),
    "NLIDataReader": (lambda one, at: one.NLIDataReader(str(at)), ("train.gz",)),
}


# One of them is not among the names of its package there.
THEIRS = SimpleNamespace(**{**vars(their_readers), "PairedFilesReader": PairedFilesReader})


@pytest.mark.parametrize("name", READERS)
def test_readers_give_the_examples_of_sentence_transformers(name: str, folder: Path) -> None:
    build, arguments = READERS[name]
    ours = warned(lambda: build(readers, folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        theirs = build(THEIRS, folder).get_examples(*arguments)
    assert said(ours.get_examples(*arguments)) == said(theirs)
    assert theirs


def test_a_file_that_does_not_fit_is_told_by_line(folder: Path) -> None:
    (folder / "bad.tsv").write_text("a\tb\t1.0\na\tb\tmany\n")
    (folder / "short.tsv").write_text("a\tb\n")
    reader = warned(lambda: readers.STSDataReader(str(folder)))
    with pytest.raises(TrainingError, match=r"bad.tsv, line 2: the score 'many' is no number"):
        reader.get_examples("bad.tsv")
    with pytest.raises(TrainingError, match=r"short.tsv, line 1: column 2 was asked for, the line has 2"):
        reader.get_examples("short.tsv")
    with pytest.raises(TrainingError, match="there is no file"):
        reader.get_examples("none.tsv")
    with pytest.raises(TrainingError, match="'maybe' is none of contradiction"):
        warned(lambda: readers.NLIDataReader(str(folder))).map_label("maybe")


def test_an_example_warns_and_says_what_it_holds() -> None:
    one = warned(lambda: encoders.InputExample(texts=["a", "b"], label=1))
    assert str(one) == str(reference.InputExample(texts=["a", "b"], label=1))
    assert (one.guid, encoders.InputExample) == ("", readers.InputExample)


def test_a_list_of_examples_is_a_dataset() -> None:
    rows = [example([str(number)]) for number in range(3)]
    data = warned(lambda: datasets.SentencesDataset(rows, None))
    assert len(data) == 3
    assert [one for batch in DataLoader(data, batch_size=2, collate_fn=list) for one in batch] == rows


def test_no_batch_has_a_text_twice() -> None:
    def run(library: Any, rows: list[Any]) -> list[Any]:
        random.seed(4)
        loader = library.NoDuplicatesDataLoader(rows, batch_size=4)
        return [said(batch) for batch in loader]

    rows = [example([f"q{number}", f"A{number % 5}" if number % 2 else f"a{number % 5} "]) for number in range(20)]
    ours = warned(lambda: run(datasets, list(rows)))
    assert ours == run(their_datasets, list(rows))
    with pytest.raises(TrainingError, match="lower the batch size"):
        list(warned(lambda: datasets.NoDuplicatesDataLoader([example(["same"])] * 4, batch_size=2)))


@pytest.mark.parametrize("with_replacement", [False, True])
def test_samples_of_one_label_follow_each_other(with_replacement: bool) -> None:
    rows = [
        example([f"{label}{number}"], label)
        for label, count in (("a", 7), ("b", 4), ("c", 1))
        for number in range(count)
    ]
    data = warned(lambda: datasets.SentenceLabelDataset(rows, 2, with_replacement))
    given = list(data)
    assert len(data) == 11
    assert len(given) >= 11 - 1
    for one, two in zip(given[::2], given[1::2], strict=False):
        assert one.label == two.label in ("a", "b")
        assert one is not two


def test_noise_deletes_words_and_never_all() -> None:
    data = warned(lambda: datasets.DenoisingAutoEncoderDataset(["one two three four five six", "word", ""]))
    for _ in range(20):
        noisy, clean = data[0].texts
        assert 0 < len(noisy.split()) <= 6
        assert set(noisy.split()) <= set(clean.split())
    assert data[1].texts == ["word", "word"]
    assert data[2].texts == ["", ""]
    kept = [len(data[0].texts[0].split()) for _ in range(400)]
    assert 2.1 < np.mean(kept) < 2.9  # 6 words, of which 40 % stay
    loud = warned(lambda: datasets.DenoisingAutoEncoderDataset(["a"], noise_fn=str.upper))
    assert loud[0].texts == ["A", "a"]


class Teacher:
    """Embeds a text as its length; counts the texts."""

    def __init__(self) -> None:
        self.asked = 0

    def encode(self, texts: list[str], **options: Any) -> Any:  # noqa: ARG002
        self.asked += len(texts)
        return np.array([[len(text), 1.0] for text in texts])


def test_translations_get_the_embedding_of_their_source(folder: Path) -> None:
    teacher = Teacher()
    data = warned(lambda: datasets.ParallelSentencesDataset(None, teacher))
    with pytest.raises(TrainingError, match="is empty"):
        data[0]
    data.load_data(str(folder / "parallel.tsv"), weight=4)
    assert len(data) == 5
    given = {(data[number].texts[0], data[number].label[0]) for number in range(40)}
    assert given <= {(text, 5.0) for text in ("hello", "hallo", "hola", "world", "welt")}
    assert {text for text, _ in given} == {"hello", "hallo", "hola", "world", "welt"}
    assert teacher.asked == 2
    data.add_dataset([["far too long " * 20, "x"]])
    assert len(data) == 5

"""Training examples of old, and readers of files into them. Use datasets.Dataset in new code."""

from ..lazy import on_first_use

_NAMES = {
    "InputExample": "example",
    "LabelSentenceReader": "files",
    "NLIDataReader": "files",
    "PairedFilesReader": "files",
    "STSBenchmarkDataReader": "tables",
    "STSDataReader": "tables",
    "TripletReader": "tables",
}

__getattr__, __dir__ = on_first_use(__name__, _NAMES)

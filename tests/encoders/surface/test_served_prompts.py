"""A served model puts the prompts before texts that Sentence Transformers puts."""

import json
import shutil
from pathlib import Path

import pytest
from sentence_transformers import SentenceTransformer

from outrider.encoders import open_model

from .conftest import TEXTS
from .oracle import assert_same

PROMPTS = [
    {},
    {"query": "ask: "},
    {"query": "ask: ", "passage": "text: "},
    {"query": "ask: ", "document": "text: "},
    {"document": "", "corpus": "text: "},
]


@pytest.mark.parametrize("prompts", PROMPTS)
@pytest.mark.parametrize("default", [None, "topic"])
def test_prompts_are_chosen_as_by_the_oracle(
    prompts: dict[str, str], default: str | None, dense_folder: str, tmp_path: Path
) -> None:
    shutil.copytree(dense_folder, tmp_path, dirs_exist_ok=True)
    stated = {"prompts": {**prompts, "topic": "about "}, "default_prompt_name": default}
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(stated))
    served, oracle = open_model(tmp_path), SentenceTransformer(str(tmp_path), device="cpu")
    assert_same(served.encode_query(TEXTS), oracle.encode_query(TEXTS))
    assert_same(served.encode_document(TEXTS), oracle.encode_document(TEXTS))

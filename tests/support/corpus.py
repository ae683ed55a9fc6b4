"""Where the external test data lies: ``../shared/corpus`` from the project's root, or TORTIE_CORPUS."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def corpus_folder(name: str) -> Path:
    """Return a folder of the corpus; skips the test where it is missing."""
    corpus = Path(os.environ.get("TORTIE_CORPUS") or ROOT.parent / "shared" / "corpus")
    folder = corpus / name
    if not folder.is_dir():
        pytest.skip(f"no external test data in {folder}: set TORTIE_CORPUS to the folder that holds it")
    return folder

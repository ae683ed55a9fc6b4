"""The fuzz target: on every file of its corpus, on any octets, and for a short search by coverage.

`scripts/fuzz MINUTES` searches longer. What it finds becomes a file of tests/corpus/crashes, and with that a test here.
"""

import importlib.util
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.target import Choice, check

TESTS = Path(__file__).resolve().parents[1]
CORPUS = TESTS / "corpus"
FILES = sorted(path for folder in ("fuzz", "crashes") for path in (CORPUS / folder).iterdir() if path.suffix != ".md")
SEARCH_RUNS = 4000
SEARCH_SECONDS_MAX = 7
HAS_WHEELS = sys.platform == "linux" and platform.machine() == "x86_64"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("through_engine", [False, True], ids=["session", "engine"])
def test_file_of_the_corpus(path: Path, through_engine: bool) -> None:
    octet, *rest = path.read_bytes()
    choice = Choice.of(octet)._replace(through_engine=through_engine)
    check(bytes((choice.octet(), *rest)))


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 63), st.binary(max_size=120))
def test_any_octets(choice: int, octets: bytes) -> None:
    check(bytes((choice,)) + octets)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_one_octet_of_a_seed_changed(data: st.DataObject) -> None:
    octets = bytearray(data.draw(st.sampled_from(FILES)).read_bytes())
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    check(bytes(octets))


@pytest.mark.parametrize("octet", range(64))
def test_choices_are_read_as_they_are_written(octet: int) -> None:
    assert Choice.of(octet).octet() == octet


def test_short_search_by_coverage(tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        if os.environ.get("CI") == "true" and HAS_WHEELS:
            pytest.fail("atheris is not installed: pip install atheris")
        pytest.skip("atheris is not installed; it has wheels for Linux on x86-64 only")
    command = [sys.executable, "-m", "fuzz", "--runs", str(SEARCH_RUNS), "--seconds", str(SEARCH_SECONDS_MAX)]
    command += ["--seed", "7", "--corpus", str(tmp_path / "corpus"), "--found", str(tmp_path / "found")]
    paths = os.pathsep.join(path for path in (str(TESTS), os.environ.get("PYTHONPATH", "")) if path)
    search = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, timeout=90, check=False
    )
    found = {path.name: path.read_bytes().hex() for path in (tmp_path / "found").iterdir()}
    assert not found, f"put these into {CORPUS / 'crashes'}: {found}\n{search.stderr[-4000:]}"
    assert search.returncode == 0, search.stderr[-4000:]
    assert list((tmp_path / "corpus").iterdir()), "the search reached nothing new: is tortie instrumented?"

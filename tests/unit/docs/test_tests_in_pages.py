"""Tests that pages name as proof do exist, and the threat page claims nothing without one."""

import ast
import re
from pathlib import Path

import pytest

from documents import DOCS, REPOSITORY

NAMED = re.compile(r"`(tests/[\w/]+\.py)\s+(test_\w+)`")
PAGES = sorted(DOCS.glob("*.md"))


def defined_in(path: Path) -> set[str]:
    """Return the names of the tests that a file defines."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return {each.name for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_tests_that_a_page_names_exist(page: Path) -> None:
    for path, name in NAMED.findall(page.read_text(encoding="utf-8")):
        assert (REPOSITORY / path).is_file(), f"docs/{page.name} names {path}, which does not exist"
        assert name in defined_in(REPOSITORY / path), f"docs/{page.name}: {path} defines no {name}"


def test_the_threat_page_shows_its_claims() -> None:
    text = (DOCS / "security.md").read_text(encoding="utf-8")
    claims = text.split("## What is not protected")[0]
    unproved = [
        line
        for line in claims.splitlines()
        if line.startswith("| ") and not line.startswith(("| who |", "| what |", "| root of a host |"))
        if not NAMED.search(line)
    ]
    assert unproved == []
    assert len(set(NAMED.findall(claims))) >= 40

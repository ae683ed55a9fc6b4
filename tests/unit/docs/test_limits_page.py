"""docs/limits.md says what the code says."""

import importlib
import re

import pytest

from documents import DOCS

ROW = re.compile(r"^\| (.+?) \| `([\w/]+)\.py (\w+)` \| ([\d.]+) \|", re.MULTILINE)
ROWS = ROW.findall((DOCS / "limits.md").read_text(encoding="utf-8"))


def test_page_has_rows() -> None:
    assert len(ROWS) >= 15


@pytest.mark.parametrize(("what", "module", "name", "value"), ROWS, ids=[row[2] for row in ROWS])
def test_value(what: str, module: str, name: str, value: str) -> None:
    imported = importlib.import_module("tortie." + module.replace("/", "."))
    assert str(getattr(imported, name)) == value, f"docs/limits.md: {what}"

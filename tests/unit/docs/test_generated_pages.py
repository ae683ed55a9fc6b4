"""Pages that are made from the code are what the code says now."""

import pytest

from documents import DOCS, GENERATED


@pytest.mark.parametrize("name", GENERATED)
def test_page_is_up_to_date(name: str) -> None:
    committed = (DOCS / name).read_text(encoding="utf-8")
    assert committed == GENERATED[name](), f"docs/{name} is out of date: run scripts/gen-docs"

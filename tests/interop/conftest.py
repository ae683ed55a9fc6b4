"""What a run of the foreign speakers has shown, and the page that it makes."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.interop_page import Finding, interop_page

PAGE_VARIABLE = "TORTIE_INTEROP_PAGE"
FINDINGS = pytest.StashKey[list[Finding]]()


@pytest.fixture
def found(request: pytest.FixtureRequest) -> Callable[[Finding], None]:
    """Return what keeps a finding for the page."""
    return request.config.stash.setdefault(FINDINGS, []).append


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the page, if it was asked for and everything passed."""
    page = os.environ.get(PAGE_VARIABLE)
    if page and exitstatus == pytest.ExitCode.OK:
        findings: list[Finding] = session.config.stash.setdefault(FINDINGS, [])
        Path(page).write_text(interop_page(findings), encoding="utf-8")

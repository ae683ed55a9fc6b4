"""What a run of the foreign speakers has shown, and the page that it makes; an etcd that tests share."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.etcd import Members, running_members
from support.interop_page import Finding, interop_page

PAGE_VARIABLE = "TORTIE_INTEROP_PAGE"
FINDINGS = pytest.StashKey[list[Finding]]()


@pytest.fixture
def found(request: pytest.FixtureRequest) -> Callable[[Finding], None]:
    """Return what keeps a finding for the page."""
    return request.config.stash.setdefault(FINDINGS, []).append


@pytest.fixture(scope="session")
def one_member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    """Run an etcd of one member for all tests that need no more."""
    with running_members(tmp_path_factory.mktemp("etcd"), 1) as members:
        yield members


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the page, if it was asked for and everything passed."""
    page = os.environ.get(PAGE_VARIABLE)
    if page and exitstatus == pytest.ExitCode.OK:
        findings: list[Finding] = session.config.stash.setdefault(FINDINGS, [])
        Path(page).write_text(interop_page(findings), encoding="utf-8")

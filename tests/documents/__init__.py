"""What docs/ holds that is made from the code, and text that can be run: the tools behind the documentation tests.

``scripts/gen-docs`` writes the pages, tests/unit/docs compares them with what is committed. Not for: pages that are
written by hand, which tests/unit/docs only checks for names that no longer exist.
"""

from documents.cli_reference import cli_reference
from documents.malformed_page import malformed_page
from documents.places import DOCS, REPOSITORY, SOURCE, TESTS
from documents.rfc_table import rfc_table
from documents.transcript import Exchange, exchanges, run_again, transcript

__all__ = [
    "DOCS",
    "GENERATED",
    "REPOSITORY",
    "SOURCE",
    "TESTS",
    "Exchange",
    "cli_reference",
    "exchanges",
    "malformed_page",
    "rfc_table",
    "run_again",
    "transcript",
]

GENERATED = {"cli.md": cli_reference, "malformed.md": malformed_page, "rfc.md": rfc_table}
"""File below docs/ → the function that returns its whole text."""

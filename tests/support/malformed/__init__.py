"""Malformed BGP input: one table of rows, each an input and what must come of it, and the bench they are tried on.

`rows.ROWS` is the table; docs/malformed.md is made from it, tests/unit/bgp/engine/test_malformed.py carries it out.
What a row expects was written down from the RFCs; it is not read from the code under test.
"""

from support.malformed.bench import Bench
from support.malformed.row import Kind, Reaction, Row, Stage
from support.malformed.rows import ROWS

__all__ = ["ROWS", "Bench", "Kind", "Reaction", "Row", "Stage"]

"""The table: all rows, in the order of the page.

The figures of an UPDATE under test: MED 2, so that a test can tell its paths from those before (1) and after (3).
"""

from typing import Final

from support.malformed.attributes import ATTRIBUTE_ROWS
from support.malformed.headers import HEADERS
from support.malformed.multiprotocol import MULTIPROTOCOL_ROWS
from support.malformed.opens import CONFIRMS, OPENS
from support.malformed.row import Row
from support.malformed.updates import NLRI
from support.malformed.values import VALUES

__all__ = ["ROWS"]

ROWS: Final[tuple[Row, ...]] = (
    *ATTRIBUTE_ROWS,
    *VALUES,
    *NLRI,
    *MULTIPROTOCOL_ROWS,
    *HEADERS,
    *OPENS,
    *CONFIRMS,
)

"""Seeds of the search: messages that are nearly right, from the rows of malformed input."""

from pathlib import Path

from fuzz.target import Choice
from support.malformed import ROWS, Kind, Row, Stage
from support.malformed.row import Side

SEED_SIZE_MAX = 200
FOUND_AT_ONCE = (".flags.", ".length_", ".again", ".overrun", ".cut")
HEADER_LENGTH = 19
UPDATE_TYPE = 2


def write_seeds(folder: Path) -> None:
    """Write a file for each row, but for those that the search finds from another one at once."""
    folder.mkdir(parents=True, exist_ok=True)
    for row in ROWS:
        data = seed(row)
        if not any(part in row.name for part in FOUND_AT_ONCE) and len(data) <= SEED_SIZE_MAX:
            (folder / row.name).write_bytes(data)


def seed(row: Row) -> bytes:
    """Return a row's message as an input of the target, an UPDATE without its header."""
    kind = Kind.IBGP
    message = row.message(Side(kind, row.four_octet_as))
    is_update = message[18:19] == bytes((UPDATE_TYPE,)) and row.stage is Stage.ESTABLISHED
    choice = Choice(
        is_internal=True,
        is_established=row.stage is Stage.ESTABLISHED,
        four_octet_as=row.four_octet_as,
        add_path=bool(row.capabilities[:1] == b"\x45"),
        is_update_body=is_update,
        through_engine=False,
    )
    return bytes((choice.octet(),)) + (message[HEADER_LENGTH:] if is_update else message)

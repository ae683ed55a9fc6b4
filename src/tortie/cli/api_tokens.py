"""The file of the API's tokens, for the verbs of ``tortie api token``.

What it is for: where the file lies, and how long a token lives. What it is NOT for: tokens themselves (``web.tokens``).
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Final

from tortie.cli.errors import CommandFailed, ExitCode
from tortie.cli.settings import state_directory
from tortie.web import TokenFile

__all__ = ["lifetime", "token_file"]

FILE_NAME: Final = "api-tokens.json"
DAYS_MAX: Final = 3650
_EXPIRES = re.compile(r"([1-9][0-9]{0,5})([dh])")
_UNITS: Final = {"d": timedelta(days=1), "h": timedelta(hours=1)}


def token_file(given: Path | None) -> TokenFile:
    """Return the file that was named, else the default one."""
    return TokenFile(given or state_directory(None) / FILE_NAME)


def lifetime(text: str) -> timedelta | None:
    """Return how long ``90d`` or ``12h`` is; None for ``never``.

    Raises:
        CommandFailed: it is none of these, or longer than DAYS_MAX.
    """
    if text == "never":
        return None
    match = _EXPIRES.fullmatch(text)
    if match is not None and (length := int(match[1]) * _UNITS[match[2]]) <= timedelta(days=DAYS_MAX):
        return length
    expected = f"expected a time such as 90d or 12h, at most {DAYS_MAX}d, or never"
    raise CommandFailed(f"--expires {text}: {expected}", ExitCode.USAGE)

"""Options of every agent that say who watches its speaker: --record, --mrt, --bmp.

What it is for: one decorator, one `WatchOptions` for the verb. What it is NOT for: watching (``speaker.watching``).
"""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from tortie.cli.options import path

__all__ = ["watch_options"]

PORT_MAX: Final = 65535
MEBIBYTE: Final = 1024 * 1024


def watch_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Add --record, --record-max, --mrt, --mrt-max, --bmp and --bmp-loc-rib; the verb takes them as `watch`."""

    @wraps(verb)
    def with_watch(
        *,
        record: Path | None,
        record_max: int,
        mrt: Path | None,
        mrt_max: int,
        bmp: tuple[str, int] | None,
        bmp_loc_rib: bool,
        **others: Any,  # noqa: ANN401 - the verb's own
    ) -> object:
        from tortie.speaker import Collector, WatchOptions

        watch = WatchOptions(
            record=record,
            record_bytes_max=record_max * MEBIBYTE,
            mrt=mrt,
            mrt_bytes_max=mrt_max * MEBIBYTE,
            bmp=None if bmp is None else Collector(*bmp),
            bmp_has_loc_rib=bmp_loc_rib,
        )
        return verb(watch=watch, **others)

    decorated: Callable[..., Any] = with_watch
    for option in (
        click.option("--bmp-loc-rib", is_flag=True, help="Tell it of the best paths as well (RFC 9069)."),
        click.option(
            "--bmp",
            metavar="HOST:PORT",
            callback=_collector,
            help="Tell this BMP collector (RFC 7854) of every session and what comes in on it.",
        ),
        click.option(
            "--mrt-max",
            type=click.IntRange(1),
            metavar="MIB",
            default=256,
            show_default=True,
            help="How long the MRT file gets before it becomes FILE.1 and a new one begins.",
        ),
        click.option("--mrt", metavar="FILE", type=path(), help="Write what comes in on sessions to FILE (RFC 6396)."),
        click.option(
            "--record-max",
            type=click.IntRange(1),
            metavar="MIB",
            default=1024,
            show_default=True,
            help="How long a recording gets; there it ends.",
        ),
        click.option(
            "--record",
            metavar="FILE",
            type=path(),
            help="Record every input of the speaker, for `tortie replay`. A FILE that is there becomes FILE.1.",
        ),
    ):
        decorated = option(decorated)
    return decorated


def _collector(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, int] | None:
    """Read --bmp: `192.0.2.1:11019`, `[2001:db8::1]:11019` or `collector.example:11019`."""
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    is_bracketed = host.startswith("[") and host.endswith("]")
    name = host[1:-1] if is_bracketed else host
    is_port = port.isascii() and port.isdigit() and 1 <= int(port[:6]) <= PORT_MAX
    if not name or not is_port or (":" in name and not is_bracketed):
        raise click.BadParameter(f"{value!r}: expected HOST:PORT such as 192.0.2.1:11019 or [2001:db8::1]:11019")
    return name, int(port)

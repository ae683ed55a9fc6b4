"""The asyncio shell around one BGP engine: `Speaker`, and who watches it: `Watching`.

Not for deciding anything; see `tortie.bgp.engine`.
"""

from tortie.speaker.errors import ListenFailed, SpeakerError, WatchFileUnusable
from tortie.speaker.protection import PASSWORD_BYTES_MAX, Password, Passwords
from tortie.speaker.speaker import Callbacks, ConnectionRefused, Event, Speaker
from tortie.speaker.watching import NOT_WATCHED, Collector, Watching, WatchOptions, time_of_day

__all__ = [
    "NOT_WATCHED",
    "PASSWORD_BYTES_MAX",
    "Callbacks",
    "Collector",
    "ConnectionRefused",
    "Event",
    "ListenFailed",
    "Password",
    "Passwords",
    "Speaker",
    "SpeakerError",
    "WatchFileUnusable",
    "WatchOptions",
    "Watching",
    "time_of_day",
]

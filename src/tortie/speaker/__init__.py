"""The asyncio shell around one BGP engine: `Speaker`. Not for deciding anything; see `tortie.bgp.engine`."""

from tortie.speaker.errors import ListenFailed, SpeakerError
from tortie.speaker.protection import PASSWORD_BYTES_MAX, Password, Passwords
from tortie.speaker.speaker import Callbacks, ConnectionRefused, Event, Speaker

__all__ = [
    "PASSWORD_BYTES_MAX",
    "Callbacks",
    "ConnectionRefused",
    "Event",
    "ListenFailed",
    "Password",
    "Passwords",
    "Speaker",
    "SpeakerError",
]

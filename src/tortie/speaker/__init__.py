"""The asyncio shell around one BGP engine: `Speaker`. Not for deciding anything; see `tortie.bgp.engine`."""

from tortie.speaker.errors import ListenFailed, SpeakerError
from tortie.speaker.speaker import Callbacks, Event, Speaker

__all__ = ["Callbacks", "Event", "ListenFailed", "Speaker", "SpeakerError"]

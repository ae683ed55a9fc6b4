"""Who watches an agent's speaker, told to the agent's log.

For: what node, reflector and stand-alone reflector share. Not for: the watching itself (``speaker.watching``).
"""

from collections.abc import Callable

from tortie import __version__
from tortie.node.log import Log
from tortie.speaker import Watching, WatchOptions

__all__ = ["watch_speaker"]


def watch_speaker(options: WatchOptions, name: str, jitter: Callable[[], float], log: Log) -> Watching:
    """Return what watches the speaker called `name`.

    Raises:
        WatchFileUnusable: a file cannot be made.
    """

    def report(event: str, about: str, reason: str, is_good: bool) -> None:
        say = log.info if is_good else log.warning
        say(event, object=about, reason=reason)

    return Watching(options, name=name, version=__version__, jitter=jitter, report=report)

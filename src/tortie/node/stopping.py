"""How an agent is told to stop: for good or for a restart, with words for the operators of its peers; drained before.

For: the shape of these requests, and reading them from the status socket. Not for: ending sessions (engine).
RFC sections: 9003 §2 (the message), 4724 §4.1 (a restart), 8326 §4.1 (draining).
"""

from dataclasses import dataclass
from typing import Final

from tortie.bgp.errors import LocalProtocolError
from tortie.bgp.wire import shutdown_data
from tortie.node.log import Log
from tortie.node.status_protocol import JSONObject
from tortie.node.status_reply import RequestInvalid, flag
from tortie.speaker import Speaker

__all__ = ["STOP", "StopRequest", "drain", "stop_request"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequest:
    """What was asked for.

    Attributes:
        for_restart: the sessions are left to graceful restart: peers keep what they have heard for a while.
        message: for the operators of the peers that are told Cease / Administrative Shutdown, "" = none.
    """

    for_restart: bool = False
    message: str = ""


STOP: Final = StopRequest()
"""For good, without a word, as a signal asks for it."""


def stop_request(arguments: JSONObject) -> StopRequest:
    """Return what the arguments of `stop` ask for. Raises RequestInvalid."""
    message = arguments.get("message", "")
    if not isinstance(message, str):
        raise RequestInvalid(f"message is {message!r}: expected text")
    try:
        shutdown_data(message)
    except LocalProtocolError as error:
        raise RequestInvalid(str(error)) from error
    return StopRequest(for_restart=flag(arguments, "for_restart"), message=message)


def drain(speaker: Speaker, arguments: JSONObject, log: Log) -> JSONObject:
    """Carry out `drain`: routes become a last resort, or with `undo` what they were. Raises RequestInvalid."""
    is_draining = not flag(arguments, "undo")
    speaker.drain(is_draining=is_draining)
    log.info("draining" if is_draining else "no longer draining", object="speaker")
    return {"draining": is_draining}

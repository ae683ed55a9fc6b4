"""The last good intent on disk: what an agent that restarts comes up with while the datastore is away.

For: static stability. Not for: deciding when an intent is good (agent).
Beside the intent lies what was known of the datastore then, so that a restarted agent is as careful as before with a
datastore that was emptied or replaced meanwhile. The file is readable by its owner only (0600) and replaced as a whole,
so that a crash leaves the old or the new one.
Structures to know: `LastIntent`.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from tortie.bgp.errors import LocalProtocolError
from tortie.fabric import DocumentInvalid, NodeIntent
from tortie.node.intent_config import check_usable
from tortie.store import Known

__all__ = ["LastIntent", "load_last_intent", "save_last_intent"]

FILE_MODE = 0o600


@dataclass(frozen=True, slots=True)
class LastIntent:
    """An intent that was acted on, and the state of the datastore that it came from (None: not known)."""

    intent: NodeIntent
    known: Known | None


def save_last_intent(path: Path, last: LastIntent) -> None:
    """Write it; raises OSError (the agent goes on and says so)."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = path.with_suffix(".new")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, FILE_MODE)
        known = None if last.known is None else asdict(last.known)
        json.dump({"known": known, "intent": last.intent.to_dict()}, file)
        file.flush()
        os.fsync(descriptor)
    scratch.replace(path)


def load_last_intent(path: Path) -> tuple[LastIntent | None, str]:
    """Return what was saved, or None and why there is nothing that can be used."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None, f"{path}: no intent was saved yet"
    except (OSError, ValueError, RecursionError) as error:
        return None, f"{path}: cannot be read: {error}"
    if not isinstance(content, dict):
        return None, f"{path}: expected an object with intent and known"
    try:
        intent = NodeIntent.from_dict(content.get("intent"), str(path))
        check_usable(intent)
    except (DocumentInvalid, LocalProtocolError, ValueError) as error:
        return None, f"{path}: cannot be used: {error}"
    return LastIntent(intent, _known(content.get("known"))), ""


def _known(content: object) -> Known | None:
    """Return what stands there, None where it is not of this form: then the first list is obeyed."""
    match content:
        case {"history": str(history), "revision": int(revision), "entry_count": int(entry_count)}:
            return Known(history, revision, entry_count)
        case _:
            return None

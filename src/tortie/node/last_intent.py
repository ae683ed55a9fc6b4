"""The last good intent on disk: what an agent that restarts comes up with while the datastore is away.

For: static stability. Not for: deciding when an intent is good (agent).
The file is readable by its owner only (0600) and replaced as a whole, so that a crash leaves the old or the
new one.
"""

import os
from pathlib import Path

from tortie.fabric import DocumentInvalid, NodeIntent

__all__ = ["load_last_intent", "save_last_intent"]

FILE_MODE = 0o600


def save_last_intent(path: Path, intent: NodeIntent) -> None:
    """Write the intent; raises OSError (the agent goes on and says so)."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = path.with_suffix(".new")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, FILE_MODE)
        file.write(intent.to_json() + "\n")
        file.flush()
        os.fsync(descriptor)
    scratch.replace(path)


def load_last_intent(path: Path) -> tuple[NodeIntent | None, str]:
    """Return the saved intent, or None and why there is none that can be used."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None, f"{path}: no intent was saved yet"
    except (OSError, UnicodeDecodeError) as error:
        return None, f"{path}: cannot be read: {error}"
    try:
        return NodeIntent.from_json(text, str(path)), ""
    except DocumentInvalid as error:
        return None, str(error)

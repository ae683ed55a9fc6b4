"""Which sessions of an intent the lab's foreign speakers have.

What it is NOT for: their text (`frr_text.py`, `gobgp_text.py`), or BIRD, which knows more (`tortie.fabric.bird`).
"""

from tortie.fabric import SessionIntent

__all__ = ["is_usable"]


def is_usable(session: SessionIntent) -> bool:
    """Return False for a session with a password, since the lab reads no secrets, and for one with BGPFilters.

    Without them routes would go by that somebody wanted to stop.
    """
    return session.password is None and session.import_filter.is_plain and session.export_filter.is_plain

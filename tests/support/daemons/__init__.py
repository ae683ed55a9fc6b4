"""Foreign BGP speakers as processes: one class a speaker, all with the same few verbs.

What it is for: running BIRD, FRR, GoBGP, OpenBGPD and ExaBGP as distributions ship them, from one neutral description.
What it is NOT for: what they are to do in a test (tests/interop), namespaces (they live in that of the thread that
starts them). A speaker is ended by its own process id; its files lie in a folder of the test.

To know first: `SpeakerPlan`, what a speaker is told, and `Daemon`, what can be asked of it.
"""

from typing import Final

from support.daemons.base import BGP_PORT, Daemon, ForeignRoute, Neighbour, SpeakerPlan, family_of
from support.daemons.bird import Bird1, Bird2, bird_routes
from support.daemons.exabgp import ExaBGP
from support.daemons.frr import FRR, remove_frr_crash_logs
from support.daemons.gobgp import GoBGP
from support.daemons.openbgpd import OpenBGPD

__all__ = [
    "BGP_PORT",
    "CORE",
    "DAEMONS",
    "FRR",
    "Bird1",
    "Bird2",
    "Daemon",
    "ExaBGP",
    "ForeignRoute",
    "GoBGP",
    "Neighbour",
    "OpenBGPD",
    "SpeakerPlan",
    "bird_routes",
    "family_of",
    "remove_frr_crash_logs",
]

DAEMONS: Final[tuple[type[Daemon], ...]] = (Bird2, FRR, GoBGP, OpenBGPD, Bird1, ExaBGP)
CORE: Final[tuple[type[Daemon], ...]] = (Bird2, FRR)
"""What the tests run on by default; the others are breadth."""

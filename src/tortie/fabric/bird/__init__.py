"""The intent of one speaker as a configuration of BIRD, for hosts that keep BIRD in the place of our agent.

Pure: `NodeIntent` → text. `render_bird2` writes one file for both families, `render_bird1` one a family (`bird`,
`bird6`), as that generation wants it. What it is NOT for: writing files, checking them (`bird -p`), telling a daemon.

The substance is upstream's (reference A5 and E1): own blocks as blackholes, routes to workloads learned from the
kernel, where somebody else (Felix) puts them; everything that BGP brings goes to the kernel; peers are sent what the
session's export filter lets through.
"""

from tortie.fabric.bird.bird1 import render_bird1
from tortie.fabric.bird.bird2 import render_bird2
from tortie.fabric.bird.sessions import session_name

__all__ = ["render_bird1", "render_bird2", "session_name"]

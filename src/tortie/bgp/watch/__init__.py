"""What outsiders may see of an engine: recordings of its inputs, and the formats of BMP and MRT. Without I/O.

For: `RecordedEngine` and `Replay` (crash reports are files). Not for: files and sockets (speaker).
RFC 7854 (BMP), RFC 6396 and RFC 8050 (MRT).
"""

from tortie.bgp.watch.plain import to_plain
from tortie.bgp.watch.recording import INPUTS, RecordedEngine, Recording
from tortie.bgp.watch.replay import RecordingInvalid, Replay

__all__ = ["INPUTS", "RecordedEngine", "Recording", "RecordingInvalid", "Replay", "to_plain"]

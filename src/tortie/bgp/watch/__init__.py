"""What outsiders may see of an engine: recordings of its inputs, BMP and MRT. Without I/O.

For: `RecordedEngine` and `Replay` (a crash report is a file), `BMPFeed`, `MRTFeed` and `table_records` (for
collectors). Not for: files and sockets (speaker).
RFC 7854 and RFC 9069 (BMP); RFC 6396 and RFC 8050 (MRT).
"""

from tortie.bgp.watch.bmp_feed import BMPFeed
from tortie.bgp.watch.mrt_feed import MRTFeed
from tortie.bgp.watch.mrt_table import table_records
from tortie.bgp.watch.plain import to_plain
from tortie.bgp.watch.recording import INPUTS, RecordedEngine, Recording
from tortie.bgp.watch.replay import RecordingInvalid, Replay

__all__ = [
    "INPUTS",
    "BMPFeed",
    "MRTFeed",
    "RecordedEngine",
    "Recording",
    "RecordingInvalid",
    "Replay",
    "table_records",
    "to_plain",
]

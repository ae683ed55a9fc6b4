"""BGP without I/O: codec, sessions, RIB, reflection, and the engine that joins them.

For: everything a BGP speaker computes. Not for: sockets, clocks, files, logs or resources; time is an
argument and output is data. RFC 4271 and its companions; `docs/rfc.md` has the list.

Import from the room you need (`tortie.bgp.wire`, `tortie.bgp.session`, `tortie.bgp.engine`, ...); this
package re-exports its errors only, so that importing one room does not load the others.
"""

from tortie.bgp.errors import BGPError, Disposition, LocalProtocolError, Problem, RemoteProtocolError

__all__ = ["BGPError", "Disposition", "LocalProtocolError", "Problem", "RemoteProtocolError"]

"""Errors of the node package.

For: every error that `tortie.node` raises. Not for: a route that the kernel refuses; those are values
(`netlink.RouteFailure`), because one refused route must not stop its neighbours.

    NodeError
    ├── NetlinkError
    │   ├── NetlinkMessageInvalid       what came from the kernel cannot be parsed (or a defect of ours)
    │   ├── NetlinkRefused              the kernel answers a request with an error (errno, text)
    │   ├── NetlinkTimeout              the kernel did not answer in time
    │   ├── NetlinkOverrun              no room for a request or an answer (ENOBUFS)
    │   └── DumpInterrupted             the table changed under a dump: ask again
    ├── SecretUnusable                  no password where one should be; never says what stands there
    ├── KernelSettingFailed             a value under /proc/sys cannot be set
    ├── StatusSocketUnusable            the status socket cannot be made
    │   └── StatusSocketInUse           another process listens on it
    └── AgentUnreachable                the agent cannot be asked
        ├── AgentNotRunning             no socket, or nobody listens on it
        ├── AgentNotPermitted           the socket is somebody else's
        ├── AgentSilent                 no answer in time
        └── AgentAnswerInvalid          an answer that is not of this protocol, or one that breaks off
    (AgentRefused, a NodeError: the agent answers, and says no)
"""

__all__ = [
    "AgentAnswerInvalid",
    "AgentNotPermitted",
    "AgentNotRunning",
    "AgentRefused",
    "AgentSilent",
    "AgentUnreachable",
    "DumpInterrupted",
    "KernelSettingFailed",
    "NetlinkError",
    "NetlinkMessageInvalid",
    "NetlinkOverrun",
    "NetlinkRefused",
    "NetlinkTimeout",
    "NodeError",
    "SecretUnusable",
    "StatusSocketInUse",
    "StatusSocketUnusable",
]


class NodeError(Exception):
    """Base of every error of the node package."""


class SecretUnusable(NodeError):
    """There is no password where one should be; the message says why, and never what stands there."""


class NetlinkError(NodeError):
    """Talking to the kernel failed."""


class NetlinkMessageInvalid(NetlinkError):
    """A message that cannot be parsed; the message names the octet and what was expected there."""


class NetlinkRefused(NetlinkError):
    """The kernel answered a request with an error.

    Attributes:
        errno: positive error number.
    """

    def __init__(self, errno: int, message: str) -> None:
        """Keep `errno`; `message` says what was asked and what the kernel says to it."""
        super().__init__(message)
        self.errno = errno


class NetlinkTimeout(NetlinkError):
    """The kernel did not answer in time."""


class NetlinkOverrun(NetlinkError):
    """There was no room for a request, or for the answer to a single one (ENOBUFS)."""


class DumpInterrupted(NetlinkError):
    """The kernel's table changed while it was read (NLM_F_DUMP_INTR): what was read may lack entries."""


class KernelSettingFailed(NodeError):
    """A file under /proc/sys cannot be read or written."""


class StatusSocketUnusable(NodeError):
    """The status socket cannot be made; the message names its path, the reason and what to do."""


class StatusSocketInUse(StatusSocketUnusable):
    """Another process listens on the status socket: two agents must not run with the same one."""


class AgentUnreachable(NodeError):
    """The agent cannot be asked; the message says why and what to do."""


class AgentNotRunning(AgentUnreachable):
    """There is no status socket, or nobody listens on it."""


class AgentNotPermitted(AgentUnreachable):
    """The status socket belongs to another user."""


class AgentSilent(AgentUnreachable):
    """The agent took the request and did not answer in time."""


class AgentAnswerInvalid(AgentUnreachable):
    """The answer is not of this protocol, or ends before its end mark."""


class AgentRefused(NodeError):
    """The agent answered with an error.

    Attributes:
        code: one word for programs: `unknown-op`, `bad-request`, `failed`.
    """

    def __init__(self, code: str, message: str) -> None:
        """Keep `code`; `message` is the agent's own sentence."""
        super().__init__(message)
        self.code = code

"""Which protection the sockets of one speaker have, and which they should have.

For: passwords on listeners, the check of what was accepted, and changing either while a session lasts. Not for: socket
options (protection), or which peer has a password (engine).
RFC sections: 2385, 5082 §3.
Structures to know: `Protection`, of one dial or connection; `Guard`, of one speaker.

It fails closed: a peer that is to have a password is neither dialled nor accepted without it, whatever the reason.
"""

import errno
import socket
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from tortie.bgp.engine import SessionOptions
from tortie.speaker.protection import (
    Password,
    Passwords,
    forget_password,
    password_of,
    prepare_listener,
    set_password,
    set_ttl_security,
    syn_hops,
)

__all__ = ["UNPROTECTED", "Guard", "NotProtected", "Protection"]


class NotProtected(Exception):
    """A connection cannot have the protection that its peer is to have; the message says why."""


@dataclass(frozen=True, slots=True)
class Protection:
    """Of one dial or connection: its password (None = none), and the greatest distance in hops (0 = unchecked)."""

    password: Password | None = None
    ttl_security_hops: int = 0


UNPROTECTED: Final = Protection()


class Guard:
    """Protects the sockets of one speaker.

    Attributes:
        problems: address or range whose password could not be set on a listener → why.
    """

    def __init__(self) -> None:
        """Protect nothing yet."""
        self.problems: dict[str, str] = {}
        self._passwords: Passwords = {}
        self._keeps_syn = False
        self._set_on: WeakKeyDictionary[socket.socket, dict[str, Password]] = WeakKeyDictionary()

    def take(self, passwords: Passwords, *, is_ttl_checked: bool) -> None:
        """Remember which passwords there are from now on; listeners and connections are told by their owner.

        Args:
            passwords: all of them.
            is_ttl_checked: of some peer the distance is checked.
        """
        self._passwords = dict(passwords)
        self._keeps_syn = is_ttl_checked
        self.problems = {}

    # ------------------------------------------------------------------ listeners

    def protect_listener(self, listener: socket.socket) -> frozenset[str]:
        """Bring a listener's passwords up to date; return the addresses and ranges that had none on it before.

        Who has connected from one of those may have done so without a password. What cannot be set is a problem, and
        nobody from there is accepted.
        """
        is_ipv6 = listener.family == socket.AF_INET6
        wanted = {where: password for where, password in self._passwords.items() if (":" in where) == is_ipv6}
        have = self._set_on.setdefault(listener, {})
        fresh = frozenset(wanted.keys() - have.keys())
        prepare_listener(listener, keeps_syn=self._keeps_syn)
        for where in have.keys() - wanted.keys():
            forget_password(listener, where)
            del have[where]
        for where, password in wanted.items():
            if have.get(where) != password:
                self._set_on_listener(listener, where, password, have)
        return fresh

    def _set_on_listener(
        self, listener: socket.socket, where: str, password: Password, have: dict[str, Password]
    ) -> None:
        have.pop(where, None)
        try:
            set_password(listener, where, password)
        except OSError as error:
            hint = "; raise net.core.optmem_max" if error.errno == errno.ENOMEM else ""
            self.problems[where] = f"the password cannot be set: {error.strerror or error}{hint}"
        else:
            have[where] = password

    # ------------------------------------------------------------------ dials and connections

    def protection(self, remote_address: str, options: SessionOptions) -> Protection:
        """Return what a dial to a peer, or a connection with it, is to have.

        Raises:
            NotProtected: it is to have a password, and there is none.
        """
        if not options.has_password:
            return Protection(None, options.ttl_security_hops)
        password = password_of(self._passwords, remote_address)
        if password is None:
            raise NotProtected("there is no password for this peer, and no session without one")
        return Protection(password, options.ttl_security_hops)

    def prepare_dial(self, sock: socket.socket, remote_address: str, protection: Protection) -> None:
        """Protect a socket before it dials; raises OSError."""
        if protection.password is not None:
            set_password(sock, remote_address, protection.password)
        if protection.ttl_security_hops:
            set_ttl_security(sock, protection.ttl_security_hops)

    def admit(
        self, sock: socket.socket, listener: socket.socket, remote_address: str, options: SessionOptions
    ) -> Protection:
        """Protect a socket that was accepted, and return how.

        Raises:
            NotProtected: it did not come by a listener that demands its password, or from too far away.
            OSError: the connection is gone.
        """
        protection = self.protection(remote_address, options)
        if protection.password is not None:
            if password_of(self._set_on[listener], remote_address) is None:
                raise NotProtected("the listener could not be given this peer's password")
            set_password(sock, remote_address, protection.password)
        hops = protection.ttl_security_hops
        if hops:
            distance = syn_hops(sock)
            if distance is None or distance > hops:
                came = "of unknown distance" if distance is None else f"{distance} hops away by its TTL"
                raise NotProtected(f"{came}, expected at most {hops} (ttlSecurity)")
        set_ttl_security(sock, hops)
        return protection

    def change(self, sock: socket.socket, remote_address: str, former: Protection, wanted: Protection) -> None:
        """Give a connection that lasts another password of the same kind, or another greatest distance.

        Raises:
            NotProtected: it began without a password and is to have one, or the reverse: that needs a new connection.
            OSError: the kernel does not take it.
        """
        if (former.password is None) != (wanted.password is None):
            raise NotProtected("a password was set" if wanted.password else "the password was taken away")
        if wanted.password is not None and wanted.password != former.password:
            set_password(sock, remote_address, wanted.password)
        if wanted.ttl_security_hops != former.ttl_security_hops:
            set_ttl_security(sock, wanted.ttl_security_hops)

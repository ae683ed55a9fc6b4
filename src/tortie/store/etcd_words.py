"""What gRPC and etcd say when something fails, in words that help.

What it is for: texts for status and error messages, the same from try to try, so that nobody is told the same thing
twice. What it is not for: deciding what to do about it (`etcd_client.py`).
"""

import re
from typing import Final

__all__ = ["reason_text", "refusal_text"]

_REASONS: Final = (
    ("Connection refused", "connection refused"),
    ("No route to host", "no route to host"),
    ("Network is unreachable", "network unreachable"),
    ("Connection timed out", "no answer"),
    ("certificate has expired", "its certificate has expired, or the one of its authority"),
    ("IP address mismatch", "its certificate is for another address"),
    ("Hostname mismatch", "its certificate is for another name"),
    ("Hostname Verification Check failed", "its certificate is for another name or address"),
    ("unable to get local issuer certificate", "its certificate is of another authority than ours (ETCD_CA_CERT_FILE)"),
    ("self-signed certificate", "its certificate is of another authority than ours (ETCD_CA_CERT_FILE)"),
    ("self signed certificate", "its certificate is of another authority than ours (ETCD_CA_CERT_FILE)"),
    ("WRONG_VERSION_NUMBER", "it does not speak TLS: http instead of https?"),
    (
        "Failed to create security handshaker",
        "our certificate and key do not belong together (ETCD_CERT_FILE, ETCD_KEY_FILE)",
    ),
    ("Unwrap failed", "it refuses our certificate"),
    ("TLSV1_ALERT_", "it refuses our certificate"),
    ("SSLV3_ALERT_", "it refuses our certificate"),
    ("Domain name not found", "its name cannot be resolved"),
    ("DNS resolution failed", "its name cannot be resolved"),
    ("Socket closed", "it closed the connection"),
    ("Connection reset by peer", "it closed the connection"),
    ("recvmsg:", "it closed the connection"),
)
"""What gRPC says → what it means."""
_WRAPPING: Final = re.compile(r"failed to connect to all addresses; last error: (\w+: )?(ipv[46]:\S+: )?")


def reason_text(details: str) -> str:
    """Return why a member failed, given what gRPC says of it."""
    known = next((reason for found, reason in _REASONS if found in details), None)
    return known or _WRAPPING.sub("", details).removeprefix("etcdserver: ") or "it gave no reason"


def refusal_text(details: str, username: str) -> str:
    """Return what to say of an answer that is a refusal, and what to do about it.

    Args:
        details: what etcd says.
        username: of ours; "" = who we are stands in the certificate.
    """
    who = f"user {username}" if username else "our certificate's user"
    said = details.removeprefix("etcdserver: ").removeprefix("mvcc: ")
    if "permission denied" in said:
        return f"etcd denies {who} what was asked for: give it a role (docs/datastores.md)"
    if "user name is empty" in said:
        return "etcd asks for a user: set ETCD_USERNAME and ETCD_PASSWORD, or use a certificate that names one"
    if "authentication failed" in said:
        return f"etcd does not let in {who}: check ETCD_USERNAME and ETCD_PASSWORD"
    if "database space exceeded" in said:
        return "etcd's space quota is used up: compact and defragment it, then disarm its alarm; it takes no change"
    return f"etcd refuses: {said}"

"""What may be written under /v2/keys: records of route reflectors, checked before they reach the datastore.

What it is for: a value that would only be found wrong by every node later (not JSON, another address than
its key's, a cluster id that is none) is refused at the door, with words that name the value and what was
expected. What it is not for: records that are in the datastore already; those are read and deleted whatever
they hold. RFC 4456 §8 (cluster id).
"""

import json
from typing import Final

from tortie.model import ResourceInvalid, from_stored
from tortie.model.errors import show_value
from tortie.model.keys import REFLECTOR_PREFIX_V4, REFLECTOR_PREFIX_V6, reflector_key

__all__ = ["DIRECTORIES", "key_problem", "value_problem"]

DIRECTORIES: Final = {
    REFLECTOR_PREFIX_V4.rstrip("/"): "an IPv4 address",
    REFLECTOR_PREFIX_V6.rstrip("/"): "an IPv6 address",
}
"""The directories that are served, and what the keys in them are."""

SHOWN_LENGTH_MAX: Final = 80
"""A longer JSON value is cut in messages, in characters."""

_FIELDS: Final = {"ip", "cluster_id"}
_FIELD_OF_PATH: Final = {"spec.clusterID": "cluster_id", "spec.ip": "ip", "metadata.name": "ip", "(value)": "value"}
_EXAMPLE: Final = '{"ip":"10.10.31.168","cluster_id":"1.0.0.1"}'


def key_problem(key: str) -> str | None:
    """Return why a key cannot be written; None if it can.

    Args:
        key: below one of DIRECTORIES.
    """
    directory, _, name = key.rpartition("/")
    expected = DIRECTORIES[directory]
    try:
        right_key = reflector_key(name)
    except ResourceInvalid:
        return f"key {key}: {show_value(name)}: expected {expected}"
    if not right_key.startswith(directory + "/"):
        return f"key {key}: {show_value(name)}: expected {expected} (this address belongs under {right_key})"
    if right_key != key:
        return f"key {key}: {show_value(name)}: expected the address as {right_key.rpartition('/')[2]}"
    return None


def value_problem(key: str, value: str) -> str | None:
    """Return why a value cannot be the record of a reflector; None if it can.

    Args:
        key: a key without problem; its last part is the reflector's address.
        value: what was sent.
    """
    try:
        record = json.loads(value)
    except (ValueError, RecursionError):
        return f"value {show_value(value)}: not JSON, expected a record such as {_EXAMPLE}"
    if not isinstance(record, dict):
        return f"value {show_value(value)}: expected a record such as {_EXAMPLE}"
    for name in record:
        if name not in _FIELDS:
            return f"value: field {show_value(name)}: not known, expected ip and cluster_id"
    return _ip_problem(key, record.get("ip")) or _cluster_id_problem(record) or _record_problem(key, value)


def _ip_problem(key: str, ip: object) -> str | None:
    expected = key.rpartition("/")[2]
    if ip is None:
        return f"value: field ip: missing, expected {expected} (the address in the key)"
    try:
        is_own = isinstance(ip, str) and reflector_key(ip) == key
    except ResourceInvalid:
        is_own = False
    return None if is_own else f"value: field ip: {show_value(ip)}: expected {expected} (the address in the key)"


def _cluster_id_problem(record: dict[str, object]) -> str | None:
    cluster_id = record.get("cluster_id", "")
    if isinstance(cluster_id, str):
        return None
    return f'value: field cluster_id: {json.dumps(cluster_id)[:SHOWN_LENGTH_MAX]}: expected text such as "1.0.0.1"'


def _record_problem(key: str, value: str) -> str | None:
    try:
        from_stored(key, value.encode())
    except ResourceInvalid as error:
        problem = error.problems[0]
        field = _FIELD_OF_PATH.get(problem.path, problem.path)
        return f"value: field {field}: {show_value(problem.value)}: expected {problem.expected}"
    return None

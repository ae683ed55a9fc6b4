"""The part of etcd's public RPC interface (v3) that is used: its messages and methods.

What it is for: message classes for protobuf, made at the first import from the table below, so that there is no
generated code that goes with one version of protobuf only. What it is not for: calling (`etcd_channel.py`).

The numbers are those of etcd's API reference (https://etcd.io/docs/v3.4/dev-guide/api_reference_v3/); fields that
are never read or written here are left out, which protobuf allows.
"""

from typing import Any, Final, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

__all__ = ["AUTHENTICATE", "KEEP_ALIVE", "LEASE_GRANT", "LEASE_REVOKE", "RANGE", "TXN", "WATCH", "Message", "Method"]

Message = Any
"""A protobuf message: its class is made at run time."""

_PACKAGE: Final = "tortie.etcd"

_FIELDS: Final = {
    "ResponseHeader": "cluster_id uint64 1, revision int64 3",
    "KeyValue": "key bytes 1, create_revision int64 2, mod_revision int64 3, value bytes 5",
    "Event": "type int32 1, kv KeyValue 2",
    "RangeRequest": "key bytes 1, range_end bytes 2, limit int64 3, revision int64 4, keys_only bool 8",
    "RangeResponse": "header ResponseHeader 1, kvs KeyValue* 2, more bool 3",
    "PutRequest": "key bytes 1, value bytes 2, lease int64 3",
    "DeleteRangeRequest": "key bytes 1",
    "RequestOp": "request_range RangeRequest 1, request_put PutRequest 2, request_delete_range DeleteRangeRequest 3",
    "ResponseOp": "response_range RangeResponse 1",
    "Compare": "result int32 1, target int32 2, key bytes 3, mod_revision int64 6?",
    "TxnRequest": "compare Compare* 1, success RequestOp* 2, failure RequestOp* 3",
    "TxnResponse": "header ResponseHeader 1, succeeded bool 2, responses ResponseOp* 3",
    "WatchCreateRequest": "key bytes 1, range_end bytes 2, start_revision int64 3, fragment bool 8",
    "WatchProgressRequest": "",
    "WatchRequest": "create_request WatchCreateRequest 1, progress_request WatchProgressRequest 3",
    "WatchResponse": (
        "header ResponseHeader 1, created bool 3, canceled bool 4, compact_revision int64 5, "
        "cancel_reason string 6, fragment bool 7, events Event* 11"
    ),
    "LeaseGrantRequest": "TTL int64 1",
    "LeaseGrantResponse": "ID int64 2, TTL int64 3",
    "LeaseRevokeRequest": "ID int64 1",
    "LeaseRevokeResponse": "",
    "LeaseKeepAliveRequest": "ID int64 1",
    "LeaseKeepAliveResponse": "ID int64 2, TTL int64 3",
    "AuthenticateRequest": "name string 1, password string 2",
    "AuthenticateResponse": "token string 2",
}
"""Message → its fields: name, type and number. `*` = repeated, `?` = sent even when it is 0 (a member of a oneof)."""


class Method(NamedTuple):
    """One method: its path, and the classes of what is asked and answered."""

    path: str
    request: type[Message]
    response: type[Message]


def _make_messages() -> dict[str, type[Message]]:
    file = descriptor_pb2.FileDescriptorProto(name="tortie/etcd.proto", package=_PACKAGE, syntax="proto3")
    for name, text in _FIELDS.items():
        message = file.message_type.add(name=name)
        for field in filter(None, text.split(", ")):
            _add_field(message, *field.split(" "))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in _FIELDS}


def _add_field(message: descriptor_pb2.DescriptorProto, name: str, kind: str, number: str) -> None:
    types = descriptor_pb2.FieldDescriptorProto
    field = message.field.add(name=name, number=int(number.rstrip("?")))
    field.label = types.LABEL_REPEATED if kind.endswith("*") else types.LABEL_OPTIONAL
    if (plain := kind.rstrip("*")) in _FIELDS:
        field.type, field.type_name = types.TYPE_MESSAGE, f".{_PACKAGE}.{plain}"
    else:
        field.type = types.Type.Value(f"TYPE_{plain.upper()}")
    if number.endswith("?"):
        field.oneof_index = len(message.oneof_decl)
        message.oneof_decl.add(name=f"one_{name}")


_MESSAGES: Final = _make_messages()


def _method(service: str, name: str, messages: str = "") -> Method:
    request, response = (_MESSAGES[f"{messages or name}{part}"] for part in ("Request", "Response"))
    return Method(f"/etcdserverpb.{service}/{name}", request, response)


RANGE: Final = _method("KV", "Range")
TXN: Final = _method("KV", "Txn")
WATCH: Final = _method("Watch", "Watch")
LEASE_GRANT: Final = _method("Lease", "LeaseGrant")
LEASE_REVOKE: Final = _method("Lease", "LeaseRevoke")
KEEP_ALIVE: Final = _method("Lease", "LeaseKeepAlive")
AUTHENTICATE: Final = _method("Auth", "Authenticate")

"""IPAMHandle: the addresses that one owner holds, counted by block.

The decisions about handles stand in ``ipam``; this is the record only.
"""

from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from tortie.model.base import Model
from tortie.model.fields import Boolean, Expected, Integer, Text, as_text
from tortie.model.resource import Metadata, Resource

HANDLE_ID_LENGTH_MAX: Final = 1024


def _handle_id(value: object) -> str:
    text = as_text(value)
    if not text or "/" in text or len(text) > HANDLE_ID_LENGTH_MAX:
        raise Expected(f"a handle id of 1 to {HANDLE_ID_LENGTH_MAX} characters without '/'")
    return text


class IPAMHandleMetadata(Metadata):
    """Metadata whose name is the handle id, free text without '/'."""

    name: Annotated[str, BeforeValidator(_handle_id)] = Field(description="a handle id")


class IPAMHandleSpec(Model):
    """A handle: `block` maps the text of a block's network to the count of addresses held there."""

    handle_id: Text = Field(alias="handleID", description="the id of the handle")
    block: dict[str, Integer] = Field(default_factory=dict)
    deleted: Boolean = False


class IPAMHandle(Resource):
    """The record of a handle."""

    kind: Literal["IPAMHandle"] = "IPAMHandle"
    metadata: IPAMHandleMetadata
    spec: IPAMHandleSpec

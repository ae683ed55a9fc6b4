"""IPReservation: addresses that are never handed out unasked.

What it is NOT for: honouring it (``ipam``).
"""

from typing import Literal

from pydantic import Field

from tortie.model.base import Model
from tortie.model.fields import NetworkText
from tortie.model.resource import Resource


class IPReservationSpec(Model):
    """Networks, a single address as /32 or /128."""

    reserved_cidrs: tuple[NetworkText, ...] = Field(default=(), alias="reservedCIDRs")


class IPReservation(Resource):
    """Addresses that stay free."""

    kind: Literal["IPReservation"] = "IPReservation"
    spec: IPReservationSpec = Field(default_factory=IPReservationSpec)

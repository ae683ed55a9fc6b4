"""What is done to a running network: resources created, replaced and deleted, settings changed.

What it is for: operations on the datastore that the command line and the API share. What it is NOT for: showing
results (``cli``, ``web``), rules of single resources (``model``), what nodes make of them (``fabric``).
"""

from tortie.change.apply import (
    Action,
    ChangeResult,
    ItemResult,
    change_items,
    delete_by_identity,
    delete_by_name,
)
from tortie.change.configure import get_setting, set_setting, unset_setting
from tortie.change.raw_settings import Component, get_raw_setting, set_raw_setting, unset_raw_setting

__all__ = [
    "Action",
    "ChangeResult",
    "Component",
    "ItemResult",
    "change_items",
    "delete_by_identity",
    "delete_by_name",
    "get_raw_setting",
    "get_setting",
    "set_raw_setting",
    "set_setting",
    "unset_raw_setting",
    "unset_setting",
]

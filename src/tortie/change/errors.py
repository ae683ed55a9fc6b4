"""Errors of changing single resources.

::

    ChangeError
    ├── LabelRefused   a label is there already, is not there, or cannot be kept
    ├── PatchRefused   a patch that cannot be carried out
    └── SplitRefused   a pool that cannot be split so
"""


class ChangeError(Exception):
    """Base of every error of this package."""


class LabelRefused(ChangeError):
    """A label is there already, is not there, or cannot be kept."""


class PatchRefused(ChangeError):
    """A patch cannot be carried out: it is no mapping, or would make the resource another one."""


class SplitRefused(ChangeError):
    """A pool cannot be split so, or somebody changed it meanwhile."""

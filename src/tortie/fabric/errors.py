"""Errors of the fabric package.

The tree; each is an operating error that a person can mend::

    FabricError
    ├── NodeNotFound        no usable record and no set-aside record has this node name
    ├── AddressUnusable     an address given by the caller (a reflector's IP or IP6) cannot be used
    └── DocumentInvalid     a stored intent or a topology document is not what it should be

What it is NOT for: records of the datastore that cannot be used. Those never raise out of this
package; they are set aside (``quarantine.py``) and everything else runs on.
"""

from tortie.model.errors import show_value


class FabricError(Exception):
    """Base of every error of this package."""


class NodeNotFound(FabricError):
    """The caller asked for the intent of a node that no record names.

    Attributes:
        name: the node name as it was given.
    """

    def __init__(self, name: str) -> None:
        """Say which node is missing and what would make it exist."""
        self.name = name
        super().__init__(f"node '{name}' has no Node record: create one, or start the agent with a name that has one")


class AddressUnusable(FabricError):
    """The caller gave an address that no speaker can have.

    Attributes:
        option: what the address was given as, e.g. ``IP``.
        value: the text.
        expected: what would have been right.
    """

    def __init__(self, option: str, value: str, expected: str) -> None:
        """Name the option, its value and what was expected."""
        self.option = option
        self.value = value
        self.expected = expected
        super().__init__(f"{option} {show_value(value)}: expected {expected}")


class DocumentInvalid(FabricError):
    """A document (stored intent, topology) cannot be read.

    Attributes:
        source: what the document is, e.g. a file name or ``intent``.
        path: dotted path of the field, e.g. ``hosts[2].address``; empty for the whole document.
        value: what stands there; None when it is missing.
        expected: what should stand there.
    """

    def __init__(self, source: str, path: str, value: object, expected: str) -> None:
        """Compose ``source: path: value: expected ...``."""
        self.source = source
        self.path = path
        self.value = value
        self.expected = expected
        where = f"{source}: {path}" if path else source
        found = "missing" if value is None else show_value(value)
        super().__init__(f"{where}: {found}, expected {expected}")

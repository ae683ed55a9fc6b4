"""Programs of the distribution that tests of hosts need: missing is a failure in CI and a skip elsewhere."""

import os
import shutil
from collections.abc import Callable
from typing import TypeVar

import pytest

__all__ = ["needs"]

Test = TypeVar("Test", bound=Callable[..., None])


def needs(*commands: str, package: str) -> Callable[[Test], Test]:
    """Mark a test that runs these commands, which come from a Debian package."""
    missing = [] if os.environ.get("CI") else [name for name in commands if shutil.which(name) is None]
    mark: Callable[[Test], Test] = pytest.mark.skipif(
        bool(missing), reason=f"missing: {', '.join(missing)}; apt-get install -y {package}"
    )
    return mark

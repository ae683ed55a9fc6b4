"""Rights that are looked at before an agent starts."""

from pathlib import Path

import pytest

from tortie.cli.errors import CommandFailed, ExitCode
from tortie.cli.rights import require_network_administration


def test_with_the_capability(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nCapEff:\t0000000000001000\n", encoding="ascii")
    require_network_administration(status)


@pytest.mark.parametrize("text", ["CapEff:\t0000000000000400\n", "CapEff:\t0\n", "Name:\tpython\n"])
def test_without(tmp_path: Path, text: str) -> None:
    status = tmp_path / "status"
    status.write_text(text, encoding="ascii")
    with pytest.raises(CommandFailed, match="CAP_NET_ADMIN: run it as root") as caught:
        require_network_administration(status)
    assert caught.value.exit_code is ExitCode.NOT_PERMITTED

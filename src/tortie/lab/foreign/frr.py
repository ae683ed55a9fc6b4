"""FRR as the speaker of a host: zebra and bgpd, on a reflector bgpd alone.

What it is NOT for: the text of its configuration (`frr_text.py`). Sockets lie where `vtysh` looks for them by itself,
below the host's own /run. FRR wants a user and groups of its own, which a user namespace does not have: on this host
/etc/group says that root is in FRR's, /etc/frr is a folder of the lab, and /var/tmp, where FRR keeps its crash logs, is
the host's own.
"""

import json
from pathlib import Path
from typing import Final

from tortie.fabric import NodeIntent
from tortie.lab.foreign.daemon import Daemon, DaemonFailed, asked, run_command, wait_until, write_private
from tortie.lab.foreign.frr_delta import frr_delta
from tortie.lab.foreign.frr_text import render_frr
from tortie.lab.foreign.speakers import FRR_FOLDER
from tortie.lab.namespaces import bind_mount, mount_tmpfs

__all__ = ["FRR", "refused_lines", "states_by_address"]

RUN: Final = Path("/run/frr")
ZEBRA_SOCKET: Final = RUN / "zserv.api"
GROUPS: Final = "root:x:0:\nfrr:x:0:root\nfrrvty:x:0:root\n"
GROUP_FILE: Final = Path("/etc/group")
SETTINGS_FOLDER: Final = "/etc/frr"
CRASH_LOGS: Final = "/var/tmp"
REFUSED: Final = " on config line "
ROUTES_KEPT_S: Final = 60
"""Routes of an earlier run stay in the kernel for so long after zebra starts again."""


class FRR(Daemon):
    """See the module's header."""

    async def apply(self, intent: NodeIntent) -> None:
        """See Daemon."""
        folder = self.folder / "frr"
        file, new = folder / "bgpd.conf", folder / "bgpd.conf.new"
        if not self.processes.names:
            _prepare_host(folder)
        write_private(new, render_frr(intent))
        refused = refused_lines(await run_command(f"{FRR_FOLDER}/bgpd", "--skip_runas", "--dryrun", "-f", str(new)))
        if refused:
            raise DaemonFailed(f"bgpd does not take {new}: {'; '.join(refused)}")
        if "bgpd" in self.processes.names:
            await self._change(frr_delta(file.read_text(encoding="utf-8"), new.read_text(encoding="utf-8")))
            new.replace(file)
        else:
            new.replace(file)
            await self._start(folder, file, intent)

    def session_states(self) -> dict[str, str]:
        """See Daemon."""
        return states_by_address(asked(("vtysh", "-d", "bgpd", "-c", "show bgp summary json")))

    async def _start(self, folder: Path, file: Path, intent: NodeIntent) -> None:
        common = ("--vty_socket", str(RUN), "-P", "0")
        has_kernel = intent.kind == "node"
        if has_kernel:
            (folder / "zebra.conf").write_text("log stdout\n", encoding="ascii")
            zebra = ("-f", str(folder / "zebra.conf"), "-i", str(RUN / "zebra.pid"), "-z", str(ZEBRA_SOCKET))
            kept = ("--retain", "--graceful_restart", str(ROUTES_KEPT_S), "-u", "root", "-g", "root")
            await self.processes.start("zebra", f"{FRR_FOLDER}/zebra", *zebra, *kept, *common)
            await wait_until("zebra takes connections", ZEBRA_SOCKET.is_socket, self.processes)
        alone = ("--no_kernel", "--no_zebra")
        where = ("-z", str(ZEBRA_SOCKET)) if has_kernel else alone
        bgpd = ("--skip_runas", "-f", str(file), "-i", str(RUN / "bgpd.pid"), "-p", str(intent.listen_port))
        await self.processes.start("bgpd", f"{FRR_FOLDER}/bgpd", *bgpd, *where, *common)
        await wait_until(
            "bgpd answers", lambda: bool(asked(("vtysh", "-d", "bgpd", "-c", "show version"))), self.processes
        )

    async def _change(self, lines: list[str]) -> None:
        """Type some lines of configuration, all in one go."""
        if lines:
            words = [word for line in ("configure terminal", *lines) for word in ("-c", line)]
            await run_command("vtysh", "-d", "bgpd", *words)


def refused_lines(said: str) -> list[str]:
    """Return the lines of a configuration that bgpd refused, as it says it; its exit code is 0 all the same."""
    return [line.partition("] ")[2] or line for line in said.splitlines() if REFUSED in line]


def states_by_address(text: str) -> dict[str, str]:
    """Return peer's address → state in the JSON of `show bgp summary json`; {} for what is none."""
    try:
        families = json.loads(text)
    except ValueError:
        return {}
    return {
        address: str(peer.get("state", "")).lower()
        for family in families.values()
        if isinstance(family, dict)
        for address, peer in family.get("peers", {}).items()
    }


def _prepare_host(folder: Path) -> None:
    """Make FRR at home in this host's mount namespace; a second time changes nothing."""
    folder.mkdir(mode=0o700, exist_ok=True)
    RUN.mkdir(mode=0o700, exist_ok=True)
    (folder / "vtysh.conf").touch()
    if GROUP_FILE.read_text(encoding="utf-8") == GROUPS:
        return
    group = folder / "group"
    group.write_text(GROUPS, encoding="ascii")
    bind_mount(str(group), str(GROUP_FILE))
    bind_mount(str(folder), SETTINGS_FOLDER)
    mount_tmpfs(CRASH_LOGS)

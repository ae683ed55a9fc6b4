"""Real etcd members for tests: started on loopback, killed, frozen, wiped; and etcdctl to look from outside.

Every process that is started here is ended here, by its id.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tortie.lab.certificates import Authority, make_authority
from tortie.lab.etcd_members import (
    ETCD_PACKAGE,
    ETCD_PROGRAM,
    EtcdCluster,
    EtcdMember,
    client_environment,
    etcd_command,
    write_cluster_tls,
)
from tortie.store.etcd import EtcdStore
from tortie.store.etcd_settings import EtcdSettings, etcd_settings

ADDRESS = "127.0.0.1"
CLIENT = "root"
"""Name in the clients' usual certificate; without authentication it means nothing."""
END_TIMEOUT_S = 10
CONTROL = "etcdctl"


def need_etcd() -> None:
    """Skip where etcd is not installed; in CI that is a failure."""
    missing = [name for name in (ETCD_PROGRAM, CONTROL) if shutil.which(name) is None]
    if not missing:
        return
    reason = f"no {' and no '.join(missing)} (Debian packages {ETCD_PACKAGE}, etcd-client)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def free_ports(count: int, address: str = ADDRESS) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((address, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


class Members:
    """The processes of a cluster."""

    def __init__(
        self,
        folder: Path,
        count: int,
        clients: Sequence[str] = (CLIENT,),
        address: str = ADDRESS,
        options: Sequence[str] = (),
    ) -> None:
        self._options = options
        ports = free_ports(2 * count, address)
        members = (EtcdMember(f"m{i}", address, ports[2 * i], ports[2 * i + 1]) for i in range(count))
        self.cluster = EtcdCluster(folder, tuple(members))
        self.authority: Authority = make_authority("etcd", datetime.now(UTC))
        write_cluster_tls(self.cluster, self.authority, clients)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def names(self) -> list[str]:
        return [member.name for member in self.cluster.members]

    def member(self, name: str) -> EtcdMember:
        return next(member for member in self.cluster.members if member.name == name)

    def start(self, *names: str) -> None:
        """Start these members, by default all."""
        for name in names or self.names:
            with (self.cluster.folder / f"{name}.log").open("ab") as log:
                command = [*etcd_command(self.cluster, self.member(name)), *self._options]
                self._processes[name] = subprocess.Popen(command, stdout=log, stderr=log)

    def signal(self, number: signal.Signals, *names: str) -> None:
        """Send a signal to these members, by default all; wait until those that it ends or stops have done so."""
        for name in names or self.names:
            self._processes[name].send_signal(number)
            if number is signal.SIGSTOP:
                os.waitid(os.P_PID, self._processes[name].pid, os.WSTOPPED)
        if number in (signal.SIGKILL, signal.SIGTERM):
            for name in names or self.names:
                self._processes.pop(name).wait(END_TIMEOUT_S)

    def end(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait(END_TIMEOUT_S)
        self._processes.clear()

    def wipe(self, token: str = "") -> None:
        """Remove the data of members that do not run; with a token the cluster becomes another one."""
        for member in self.cluster.members:
            shutil.rmtree(self.cluster.data(member), ignore_errors=True)
        if token:
            self.cluster = replace(self.cluster, token=token)

    def settings(self, client: str = CLIENT, **more: str) -> EtcdSettings:
        return etcd_settings("etcd://", {**self.environment(client), **more})

    def environment(self, client: str = CLIENT) -> Mapping[str, str]:
        return client_environment(self.cluster, client)

    def store(self, client: str = CLIENT, first: str = "m0", **more: str) -> EtcdStore:
        return EtcdStore(self.settings(client, **more), self.names.index(first))

    def control(self, *arguments: str, client: str = CLIENT, on: str = "") -> str:
        """Run etcdctl against one member, by default any, and return what it printed."""
        endpoints = self.member(on).endpoint if on else ",".join(member.endpoint for member in self.cluster.members)
        tls = self.cluster.tls
        options = [f"--endpoints={endpoints}", f"--cacert={tls / 'ca.pem'}", "--command-timeout=20s"]
        options += [f"--cert={tls / client}.pem", f"--key={tls / client}-key.pem"]
        environment = {"ETCDCTL_API": "3", "PATH": os.environ["PATH"], "HOME": str(self.cluster.folder)}
        done = subprocess.run(
            [CONTROL, *options, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=30
        )
        assert done.returncode == 0, f"etcdctl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def wait_healthy(self) -> None:
        """Wait until a change is possible: there is a leader."""
        self.control("--dial-timeout=20s", "get", "/health", "--keys-only")

    def make_leader(self, name: str) -> None:
        """Make this member the leader."""
        ids = {each: self._status(each)["header"]["member_id"] for each in self.names}
        leader = self._status(name)["leader"]
        if leader != ids[name]:
            [leading] = [each for each in self.names if ids[each] == leader]
            self.control("move-leader", f"{ids[name]:x}", on=leading)

    def _status(self, name: str) -> dict[str, Any]:
        [found] = json.loads(self.control("endpoint", "status", "--write-out=json", on=name))
        status: dict[str, Any] = found["Status"]
        return status


@contextmanager
def running_members(
    folder: Path, count: int, clients: Sequence[str] = (CLIENT,), address: str = ADDRESS, options: Sequence[str] = ()
) -> Iterator[Members]:
    """Run a cluster for the block's time, its members with these options besides their own."""
    need_etcd()
    members = Members(folder, count, clients, address, options)
    try:
        members.start()
        members.wait_healthy()
        yield members
    finally:
        members.end()

"""The image: the document's `docker run` line, as printed but for the image's name, serves nodes.

The document's cluster is raised in namespaces with a real etcd, certificates and all; the reflector is a container
under podman on the document's own host for it.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

import pytest

from documents import REPOSITORY
from hosts.programs import needs
from lab.lab_world import environment, lab_test
from support.podman import podman_environment
from tortie.lab.certificates import make_authority
from tortie.lab.checks import count_established, mesh_session_count
from tortie.lab.commands import CommandLines, python_path
from tortie.lab.etcd_members import EtcdCluster, EtcdMember, client_environment, etcd_command, write_cluster_tls
from tortie.lab.execute import exec_arguments, run_on
from tortie.lab.lifecycle import Lab, down, up
from tortie.lab.lines import SEED_LINES, line_values
from tortie.lab.probe import Probe
from tortie.lab.status import HostStatus, LabStatus, lab_status
from tortie.lab.topology import load_topology

SEED = load_topology("seed")
NODES = [host.name for host in SEED.nodes]
ADDRESSES = sorted(host.address(4) or "" for host in SEED.nodes)
REFLECTOR = next(host for host in SEED.hosts if host.role == "reflector")
API = next(host for host in SEED.hosts if host.api_port is not None)
NAME = "localhost/tortie:test"
DEADLINE_S = 60.0

AS_PRINTED = """
docker run --privileged --net=host -d \\
             -e IP=<IPv4_RR> \\
             [-e IP6=<IPv6_RR>] \\
             -e ETCD_ENDPOINTS=<https://ETCD_IP:PORT> \\
             -v <FULL_PATH_TO_CERT_DIR>:<MOUNT_DIR> \\
             -e ETCD_CA_CERT_FILE=<MOUNT_DIR>/<CA_FILE> \\
             -e ETCD_CERT_FILE=<MOUNT_DIR>/<CERT_FILE> \\
             -e ETCD_KEY_FILE=<MOUNT_DIR>/<KEY_FILE> \\
             calico/routereflector:v0.4.0
"""

COPY = """
import asyncio
from tortie.store import Put
from tortie.store.open import open_driver

async def copy():
    source, target = open_driver("sqlite:///run/lab/store/tortie.db"), open_driver("etcd://")
    for entry in (await source.list("/")).entries:
        await target.transact([], [Put(entry.key, entry.value)])
    await source.close()
    await target.close()

asyncio.run(copy())
"""


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Build the image once; yield podman's environment."""
    if os.geteuid() != 0:
        pytest.skip("needs root: debootstrap, and podman in another network namespace")
    with podman_environment(tmp_path_factory.mktemp("podman")) as variables:
        built = subprocess.run(
            [REPOSITORY / "scripts" / "image", NAME],
            env={**variables, "TORTIE_PYTHON": sys.executable},
            capture_output=True, text=True, timeout=400, check=False,
        )  # fmt: skip
        assert built.returncode == 0, built.stderr
        yield variables


def run(podman: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run podman."""
    return subprocess.run(["podman", *words], env=podman, capture_output=True, text=True, timeout=60, check=False)


image_test = needs("podman", "runc", "debootstrap", package="podman runc debootstrap")
etcd_test = needs("etcd", package="etcd-server")


def shell_line(values: Mapping[str, str]) -> str:
    """Return the document's line with its placeholders filled in, and with our image's name."""
    line = AS_PRINTED.replace("[-e IP6=<IPv6_RR>] \\\n", "").replace("calico/routereflector:v0.4.0", NAME)
    for placeholder, value in values.items():
        line = line.replace(f"<{placeholder}>", value)
    assert "<" not in line
    return 'docker() { podman "$@"; }\n' + line


def commands(variables: Mapping[str, str]) -> CommandLines:
    """Return what the lab's hosts run, with etcd as their datastore."""
    start = ("env", "-u", "TORTIE_DATASTORE", *(f"{name}={value}" for name, value in variables.items()), "tortie")
    tls = ("--ca-cert", "{pki}/ca.pem", "--cert", "{pki}/server.pem", "--key", "{pki}/server-key.pem")
    return CommandLines(
        node=(*start, "node", "run", "--name", "{host}", "--run-dir", "{run_dir}"),
        reflector=("false",),
        api=(*start, "api", "--listen", "{address}:{port}", *tls),
    )


def start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a program that writes to a log."""
    with log.open("wb") as file:
        return subprocess.Popen(command, stdout=file, stderr=file)


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[tuple[Lab, EtcdCluster]]:
    """Raise the document's cluster with an etcd on its master, filled from the lab's own datastore."""
    member = EtcdMember("m0", API.address(4) or "", 2479, 2480)
    etcd = EtcdCluster(folder / "etcd", (member,))
    write_cluster_tls(etcd, make_authority("etcd", datetime.now(UTC)), ["node"])
    variables = client_environment(etcd, "node")
    where = environment(folder)
    lab = await up(SEED, commands=commands(variables), environment=where)
    server = start(exec_arguments(lab, API.name, etcd_command(etcd, member)), folder / "etcd.log")
    try:
        words = [f"PYTHONPATH={python_path()}", *(f"{name}={value}" for name, value in variables.items())]
        copied = await run_on(lab, API.name, ["env", *words, sys.executable, "-c", COPY], timeout_s=DEADLINE_S)
        assert copied.exit_code == 0, copied.stderr
        yield lab, etcd
    finally:
        server.kill()
        server.wait()
        await down(SEED.name, where)


async def type_on(lab: Lab, host: str, line: str, variables: Mapping[str, str]) -> None:
    """Type a line on a host, as a person would whose shell knows where etcd is."""
    exports = "".join(f"export {name}={value}\n" for name, value in variables.items())
    output = await run_on(lab, host, ["sh", "-ec", f"unset TORTIE_DATASTORE\n{exports}{line}"], timeout_s=DEADLINE_S)
    assert output.exit_code == 0, output


async def status_when(lab: Lab, is_so: Callable[[Sequence[HostStatus]], bool]) -> LabStatus:
    """Return the lab's status once it is so."""
    status = await lab_status(lab)
    async with asyncio.timeout(DEADLINE_S):
        while not is_so(status.hosts):
            await asyncio.sleep(0.1)
            status = await lab_status(lab)
    return status


def is_reflected(hosts: Sequence[HostStatus]) -> bool:
    """Whether each node has one session, that with the reflector."""
    own = [host.sessions or () for host in hosts if host.name in NODES]
    return all(len(sessions) == 1 and sessions[0].is_established for sessions in own) and len(own) == len(NODES)


@lab_test
@image_test
@etcd_test
@pytest.mark.timeout(500)
def test_the_line_as_printed_serves_the_nodes_of_a_lab(podman: Mapping[str, str], tmp_path: Path) -> None:
    async def walk() -> None:
        async with cluster(tmp_path) as (lab, etcd):
            ends = 2 * mesh_session_count(len(NODES))
            await status_when(lab, lambda hosts: count_established(hosts, NODES) == ends)
            probe = Probe(lab)
            assert (await probe.wait_reached(30)).silent == ()
            values = {
                "IPv4_RR": REFLECTOR.address(4) or "", "https://ETCD_IP:PORT": f"https://{etcd.members[0].endpoint}",
                "FULL_PATH_TO_CERT_DIR": str(etcd.tls), "MOUNT_DIR": "/etc/calico/certs", "CA_FILE": "ca.pem",
                "CERT_FILE": "node.pem", "KEY_FILE": "node-key.pem",
            }  # fmt: skip
            container = type_as_printed(podman, lab, shell_line(values))
            variables = client_environment(etcd, "node")
            words = line_values(SEED, REFLECTOR, API)
            for line in (SEED_LINES.write_record, SEED_LINES.mesh_off, SEED_LINES.create_peer):
                await type_on(lab, API.name, line.format(**words), variables)
            await status_when(lab, is_reflected)
            assert (await probe.wait_reached(30)).silent == ()
            check_reflector(podman, container)

    asyncio.run(walk())


def type_as_printed(podman: Mapping[str, str], lab: Lab, line: str) -> str:
    """Type the line in the network of the reflector's host and return the container's id."""
    network = next(word for word in exec_arguments(lab, REFLECTOR.name, []) if word.startswith("--net="))
    started = subprocess.run(
        ["nsenter", network, "sh", "-ec", line], env=podman, capture_output=True, text=True, timeout=60, check=False
    )
    assert started.returncode == 0, started.stderr
    return started.stdout.strip()


def check_reflector(podman: Mapping[str, str], container: str) -> None:
    """See from inside that it reflects, and as whom; then stop it."""
    asked = run(podman, "exec", container, "tortie", "reflector", "status", "-o", "json")
    assert asked.returncode == 0, asked.stderr
    sessions = json.loads(asked.stdout)["sessions"]
    clients = [item["remote_address"] for item in sessions if item["is_client"] and item["state"] == "established"]
    assert sorted(clients) == ADDRESSES
    process = run(podman, "exec", container, "cat", "/proc/1/status").stdout
    facts = {name: value.split() for name, _, value in (line.partition(":") for line in process.splitlines())}
    assert facts["Uid"] == ["179"] * 4, "the reflector is no root, even where the container is privileged"
    assert int(facts["CapEff"][0], 16) == int(facts["CapBnd"][0], 16) == 1 << 10, (
        "CAP_NET_BIND_SERVICE and nothing else"
    )
    stopped = run(podman, "stop", "--time", "10", container)
    assert stopped.returncode == 0, stopped.stderr
    assert run(podman, "inspect", "--format", "{{.State.ExitCode}}", container).stdout.strip() == "0"


@image_test
@pytest.mark.root
@pytest.mark.timeout(500)
@pytest.mark.parametrize(
    ("options", "words", "expected"),
    [
        ([], ["version"], "tortie"),
        (["--user", "tortie", "--cap-drop", "all"], ["node", "check", "--help"], "what this host lacks"),
        (["--cap-drop", "all", "--user", "tortie"], ["reflector", "run", "--help"], "Run a route reflector"),
    ],
)
def test_other_arguments(podman: Mapping[str, str], options: list[str], words: list[str], expected: str) -> None:
    done = run(podman, "run", "--rm", "--net=none", *options, NAME, *words)
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout


def wait_for_log(podman: Mapping[str, str], container: str, word: str) -> str:
    """Return the first line of a container's log with a word in it."""
    deadline = monotonic() + DEADLINE_S
    while monotonic() < deadline:
        lines = run(podman, "logs", container).stderr.splitlines()
        if found := [line for line in lines if word in line]:
            return found[0]
        if run(podman, "inspect", "--format", "{{.State.Running}}", container).stdout.strip() == "false":
            break
        sleep(0.1)
    pytest.fail(f"{word} never stood in the log: {lines}")


@image_test
@pytest.mark.root
@pytest.mark.timeout(500)
@pytest.mark.parametrize(
    ("capabilities", "words", "word"),
    [
        ({"NET_BIND_SERVICE": 10}, ["reflector", "--config", "/reflector.yaml"], '"port": 179'),
        ({"NET_BIND_SERVICE": 10, "NET_ADMIN": 12}, ["node", "--name", "n1"], "datastore not acted on"),
    ],
)
def test_without_root_from_the_start(
    podman: Mapping[str, str], tmp_path: Path, capabilities: Mapping[str, int], words: list[str], word: str
) -> None:
    """As a user of its own with the capabilities of its role, from the first instruction on."""
    file = tmp_path / "reflector.yaml"
    file.write_text("{listen: {address: 127.0.0.1}, as: 64512, peers: [{range: 127.0.0.0/8, client: true}]}\n", "utf-8")
    options = ["--user", "tortie", "--cap-drop", "all", *(f"--cap-add={name}" for name in capabilities), "--read-only"]
    started = run(podman, "run", "-d", "--net=none", *options, "-v", f"{file}:/reflector.yaml:ro", NAME, *words)
    assert started.returncode == 0, started.stderr
    container = started.stdout.strip()
    wait_for_log(podman, container, word)
    process = run(podman, "exec", container, "cat", "/proc/1/status").stdout
    assert f"CapEff:\t{sum(1 << bit for bit in capabilities.values()):016x}" in process
    assert run(podman, "rm", "--force", "--time", "5", container).returncode == 0

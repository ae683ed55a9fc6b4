# shellcheck shell=bash
# What scripts/check, scripts/test and scripts/demo share: the Debian packages they need, the Python they run
# with and the virtual environment. It is sourced, never run. It is quick the second time: packages are asked
# for only when their command is missing, and pip runs only when pyproject.toml, the Python or the place of the
# checkout has changed since the last run.
#
#   TORTIE_PYTHON   the Python to use (default: the newest one found that is 3.11 or later)
#   TORTIE_VENV     where the virtual environment lies (default: .venv in the checkout)

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${TORTIE_VENV:-$root/.venv}
export PATH="$PATH:/usr/sbin:/sbin" PIP_DISABLE_PIP_VERSION_CHECK=1

# Debian package, and the command that shows that it (or something in its place) is there. The demo needs all of them.
debian_packages=(
    "iproute2 ip"
    "curl curl"
    "iputils-ping ping"
    "nftables nft"
    "procps ps"
    "util-linux unshare"
)

# Foreign speakers that ours are tested against: those of every run (lab `mixed` has them), and those of the breadth as
# well. BIRD 1.6 is among the latter; it conflicts with bird2 and is unpacked instead (need_bird1). etcd, for the driver's
# tests, as well.
speaker_packages=("bird2 birdc" "frr vtysh" "gobgpd gobgpd")
etcd_packages=("etcd-server etcd" "etcd-client etcdctl")
more_speaker_packages=("openbgpd bgpctl")

# What tests of real hosts need: units, manual pages and the container image.
host_packages=(
    "systemd systemd-analyze"
    "groff-base groff"
    "mandoc mandoc"
    "debootstrap debootstrap"
    "podman podman"
    "runc runc"
)

# Who reads what we write, in the breadth only: tshark brings 140 MB with it.
judge_packages=("tshark tshark")

say() { printf '%s\n' "$*" >&2; }

# say_step TEXT: a heading between the parts of a script.
say_step() { printf '\n== %s\n' "$*" >&2; }

fail() {
    say "$(basename "$0"): $*"
    exit 1
}

# ------------------------------------------------------------------------------------------ Debian packages

# need_packages "PACKAGE COMMAND"...: install what is missing as root; as anyone else, name the line to type.
need_packages() {
    local entry missing=()
    for entry in "$@"; do
        command -v "${entry#* }" >/dev/null || missing+=("${entry%% *}")
    done
    [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

# want_packages "PACKAGE COMMAND"...: as need_packages for root; anyone else is told that tests will be skipped. Their
# services, if they bring some, are not to come up with the host either.
want_packages() {
    local entry missing=()
    for entry in "$@"; do
        command -v "${entry#* }" >/dev/null || missing+=("${entry%% *}")
    done
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$(id -u)" -ne 0 ]; then
        say "missing: ${missing[*]}; tests against them are skipped. Only root can install them; type:
    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
        return
    fi
    install_packages "${missing[@]}"
    local package
    for package in "${missing[@]}"; do
        package=${package%-server}
        systemctl --quiet disable "${package%2}" >/dev/null 2>&1 || true
    done
}

# need_bird1: unpack BIRD 1.6 beside the virtual environment and name the place in TORTIE_BIRD1.
need_bird1() {
    export TORTIE_BIRD1=${TORTIE_BIRD1:-$venv/bird1}
    [ -x "$TORTIE_BIRD1/usr/sbin/bird" ] || unpack bird "$TORTIE_BIRD1" "BIRD 1.6"
}

# need_promtool: the checker of alert rules, named in TORTIE_PROMTOOL. Debian has it in the package of a server whose
# service would come up with the host, so only this one program of it is kept.
need_promtool() {
    TORTIE_PROMTOOL=${TORTIE_PROMTOOL:-$(command -v promtool || echo "$venv/promtool/usr/bin/promtool")}
    export TORTIE_PROMTOOL
    [ -x "$TORTIE_PROMTOOL" ] || unpack prometheus "$venv/promtool" promtool ./usr/bin/promtool
}

# unpack PACKAGE FOLDER NAME [FILE]...: unpack a Debian package (these files of it) without installing it.
unpack() {
    local package=$1 target=$2 name=$3 folder status=0
    folder=$(mktemp -d)
    mkdir -p "$target"
    say "unpacking $name into $target"
    (cd "$folder" && download "$package" && dpkg-deb --fsys-tarfile "$package"_*.deb |
        tar --extract --directory "$target" "${@:4}") >/dev/null 2>&1 || status=$?
    rm -rf "$folder"
    [ "$status" -eq 0 ] || say "$name cannot be downloaded; tests against it are skipped"
}

# A system without package lists (a fresh container) gets them first.
download() {
    apt-get download "$1" || { apt-get update && apt-get download "$1"; }
}

install_packages() {
    command -v apt-get >/dev/null ||
        fail "missing: $*. These are Debian's names, and this system has no apt-get: install their like by hand."
    [ "$(id -u)" -eq 0 ] ||
        fail "missing: $*. Only root can install them; type:
    sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
    say "installing $*"
    local log
    log=$(mktemp)
    if ! (apt-get update && without_starting_services apt-get install -y --no-install-recommends "$@") \
        >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        fail "apt-get could not install $* (its last lines stand above)"
    fi
    rm -f "$log"
}

# What is installed to be tried must not become a service of this host.
without_starting_services() {
    local policy=/usr/sbin/policy-rc.d status=0
    if [ -e "$policy" ]; then
        DEBIAN_FRONTEND=noninteractive "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    DEBIAN_FRONTEND=noninteractive "$@" || status=$?
    rm -f "$policy"
    return "$status"
}

# ------------------------------------------------------------------------------------------ Python

is_recent_python() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# find_python: print the path of a Python that is 3.11 or later.
find_python() {
    local name found=()
    for name in ${TORTIE_PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        command -v "$name" >/dev/null || continue
        if is_recent_python "$name"; then
            command -v "$name"
            return
        fi
        found+=("$name is $("$name" -c 'import platform; print(platform.python_version())' 2>&1 | tail -n 1)")
    done
    say "found: ${found[*]:-no Python at all}"
    fail "tortie needs Python 3.11 or later. On Debian 12 and later: sudo apt-get install -y python3 python3-venv
    or name one that lies elsewhere: TORTIE_PYTHON=/path/to/python3.12 $0"
}

# need_environment [dev]: make the virtual environment and install the project in it, editable.
need_environment() {
    local extra=${1:-} python wanted
    python=$(find_python)
    wanted="$root $("$python" -c 'import sys; print(sys.version)') $(sha256sum <"$root/pyproject.toml")"
    has_stamp dev "$wanted" && return
    [ "$extra" != dev ] && has_stamp run "$wanted" && return
    make_environment "$python"
    say "installing tortie and what it needs into $venv"
    "$venv/bin/python" -m pip install --quiet --editable "$root${extra:+[$extra]}" </dev/null ||
        fail "pip could not install the project (its message stands above)"
    printf '%s\n' "$wanted" >"$venv/tortie-${extra:-run}.stamp"
}

has_stamp() {
    [ "$(cat "$venv/tortie-$1.stamp" 2>/dev/null)" = "$2" ] && [ -x "$venv/bin/tortie" ]
}

make_environment() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv
    if [ -x "$venv/bin/python" ] && is_recent_python "$venv/bin/python" && lies_here; then
        return
    fi
    say "making the virtual environment $venv with $1"
    "$1" -m venv --clear "$venv" || fail "cannot make $venv (TORTIE_VENV=DIRECTORY puts it elsewhere)"
}

# An environment that was moved or copied along with a checkout still points to where it was made.
lies_here() {
    grep -qsF "$venv" "$venv/bin/activate"
}

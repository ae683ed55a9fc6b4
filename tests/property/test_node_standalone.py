"""Whatever stands in a file, a reflector that stands alone gets a configuration it can use or one clear sentence."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tortie.node.standalone import PEER_FIELDS, TOP_FIELDS, StandaloneConfig, StandaloneInvalid, load_standalone

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 2**33),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["10.0.0.1", "10.0.0.0/8", "fd00::1", "fd00::/8", "0.0.0.0", "1.10", "64512", "ipv4", "ipv6"]),
)
PEERS = st.dictionaries(st.sampled_from([*PEER_FIELDS, "other"]), SCALARS | st.lists(SCALARS, max_size=3), max_size=6)
LISTEN = st.fixed_dictionaries({"address": st.just("10.0.0.1")}, optional={"port": SCALARS, "other": SCALARS})
DOCUMENTS = st.dictionaries(st.sampled_from([*TOP_FIELDS, "other"]), SCALARS, max_size=6) | st.fixed_dictionaries(
    {"listen": LISTEN, "as": st.just(64512) | SCALARS},
    optional={"peers": st.lists(PEERS, max_size=4), "router_id": SCALARS, "cluster_id": SCALARS},
)


def check(text: str) -> None:
    """Load a file: a configuration that keeps its promises, or a message that begins with the file's name."""
    loaded = load(text)
    if isinstance(loaded, StandaloneConfig):
        assert_usable(loaded)
    else:
        assert loaded.startswith("rr.yaml")
        assert len(loaded) > len("rr.yaml: ")


def load(text: str) -> StandaloneConfig | str:
    """Return the configuration, or why there is none."""
    try:
        return load_standalone(text, "rr.yaml")
    except StandaloneInvalid as error:
        return str(error)


def assert_usable(config: StandaloneConfig) -> None:
    """Check what the engine relies on."""
    assert 0 <= config.listen_port <= 65535
    assert 1 <= config.speaker.local_as <= 0xFFFFFFFF
    assert 1 <= config.speaker.router_id <= 0xFFFFFFFF
    every = [peer.options for peer in config.peers] + [each.options for each in config.ranges]
    assert all(options.peer_as == options.local_as for options in every if options.is_client)
    assert all(options.hold_time_s == 0 or options.hold_time_s >= 3 for options in every)
    assert all(each.options.passive for each in config.ranges)
    assert len({each.key for each in config.peers}) == len(config.peers)


@settings(deadline=None)
@given(DOCUMENTS)
def test_documents(document: Any) -> None:  # noqa: ANN401 - any JSON
    check(json.dumps(document))


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    check(text)

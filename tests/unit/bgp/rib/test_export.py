"""What a peer is sent of a path: one row a rule."""

import pytest

from support.rib import CLUSTER_ID, LOCAL_AS, path, profile, source
from tortie.bgp.rib import NextHopMode, Path, PeerKind, Source, SourceKind, exported_attributes
from tortie.bgp.wire import AS_SEQUENCE, AttributeSet, AttributeTable, Segment, UnknownAttribute, address_from_text
from tortie.bgp.wire.segment import AS_CONFED_SEQUENCE

TABLE = AttributeTable()
CLIENT = source("192.0.2.1", is_client=True)
EXTERNAL = source("192.0.2.3", SourceKind.EXTERNAL)
LOCAL = source("192.0.2.4", SourceKind.LOCAL)
SELF = address_from_text("10.0.0.254")
SOMEBODY = "10.9.9.9"


def exported(made: Path, kind: PeerKind = PeerKind.CLIENT, **changes: object) -> AttributeSet | None:
    return exported_attributes(made, profile(kind, **changes), TABLE)  # type: ignore[arg-type]  # profile fields


def sent(made: Path, kind: PeerKind = PeerKind.CLIENT, **changes: object) -> AttributeSet:
    attributes = exported(made, kind, **changes)
    assert attributes is not None
    return attributes


@pytest.mark.rfc("4271", "5.1.3")
@pytest.mark.parametrize(
    ("made", "kind", "mode", "expected"),
    [
        (path(TABLE, CLIENT, SOMEBODY), PeerKind.CLIENT, NextHopMode.AUTO, address_from_text(SOMEBODY)),
        (path(TABLE, CLIENT, SOMEBODY), PeerKind.CLIENT, NextHopMode.SELF, SELF),
        (path(TABLE, CLIENT, SOMEBODY), PeerKind.EXTERNAL, NextHopMode.AUTO, SELF),
        (path(TABLE, CLIENT, SOMEBODY), PeerKind.EXTERNAL, NextHopMode.KEEP, address_from_text(SOMEBODY)),
        (path(TABLE, EXTERNAL, SOMEBODY), PeerKind.NON_CLIENT, NextHopMode.AUTO, address_from_text(SOMEBODY)),
        (path(TABLE, LOCAL, ""), PeerKind.NON_CLIENT, NextHopMode.AUTO, SELF),
        (path(TABLE, LOCAL, ""), PeerKind.NON_CLIENT, NextHopMode.KEEP, SELF),
    ],
)
def test_next_hop(made: Path, kind: PeerKind, mode: NextHopMode, expected: bytes) -> None:
    assert sent(made, kind, next_hop_mode=mode).next_hop == expected


def test_what_needs_an_own_address_of_the_family_is_not_sent_without_one() -> None:
    assert exported(path(TABLE, LOCAL, ""), local_next_hop=b"") is None


@pytest.mark.rfc("4271", "5.1.2")
def test_external_peers_see_our_as_first() -> None:
    made = path(TABLE, EXTERNAL, as_path=(Segment(AS_SEQUENCE, (65001,)),))
    assert sent(made, PeerKind.EXTERNAL).as_path == (Segment(AS_SEQUENCE, (LOCAL_AS, 65001)),)
    assert sent(made, PeerKind.NON_CLIENT).as_path == made.attributes.as_path


@pytest.mark.rfc("5065", "4")
def test_external_peers_see_no_confederation() -> None:
    made = path(TABLE, CLIENT, as_path=(Segment(AS_CONFED_SEQUENCE, (7,)), Segment(AS_SEQUENCE, (65001,))))
    assert sent(made, PeerKind.EXTERNAL).as_path == (Segment(AS_SEQUENCE, (LOCAL_AS, 65001)),)
    assert sent(made, PeerKind.CLIENT).as_path == made.attributes.as_path


@pytest.mark.rfc("4456", "8")
@pytest.mark.rfc("4271", "5.1.5")
def test_external_peers_see_nothing_of_the_inside() -> None:
    made = path(TABLE, CLIENT, local_pref=300, med=5, originator_id=1, cluster_list=(1, 2))
    outside = sent(made, PeerKind.EXTERNAL)
    assert (outside.local_pref, outside.med, outside.originator_id, outside.cluster_list) == (
        None,
        None,
        None,
        (),
    )


@pytest.mark.rfc("4271", "5.1.4")
def test_med_of_our_own_goes_out_and_a_learned_one_does_not() -> None:
    assert sent(path(TABLE, LOCAL, "", med=5), PeerKind.EXTERNAL).med == 5
    assert sent(path(TABLE, EXTERNAL, med=5), PeerKind.EXTERNAL).med is None
    assert sent(path(TABLE, CLIENT, med=5), PeerKind.CLIENT).med == 5


@pytest.mark.rfc("4271", "5.1.5")
def test_internal_peers_always_get_a_local_pref() -> None:
    assert sent(path(TABLE, LOCAL, ""), PeerKind.NON_CLIENT).local_pref == 100
    assert sent(path(TABLE, EXTERNAL, local_pref=900), PeerKind.NON_CLIENT).local_pref == 100
    assert sent(path(TABLE, LOCAL, "", local_pref=70), PeerKind.NON_CLIENT).local_pref == 70


@pytest.mark.rfc("4456", "8")
def test_internal_paths_are_reflected() -> None:
    assert sent(path(TABLE, CLIENT), PeerKind.NON_CLIENT).cluster_list == (CLUSTER_ID,)
    assert exported(path(TABLE, source("192.0.2.9")), PeerKind.NON_CLIENT) is None
    assert sent(path(TABLE, EXTERNAL), PeerKind.CLIENT).cluster_list == ()


STAYS, GOES = 0x4002_FDE9_0000_0064, 0x0002_FDE9_0000_0064
IPV6_STAYS, IPV6_GOES = b"\x40" + bytes(19), bytes(20)


@pytest.mark.rfc("4360", "6")
@pytest.mark.rfc("5701", "2")
@pytest.mark.parametrize("of", [CLIENT, EXTERNAL, LOCAL], ids=["client", "external", "local"])
def test_extended_communities_at_the_border_of_the_as(of: Source) -> None:
    made = path(
        TABLE,
        of,
        extended_communities=(STAYS, GOES, STAYS),
        unknown=(UnknownAttribute(0xC0, 25, IPV6_STAYS + IPV6_GOES), UnknownAttribute(0xE0, 99, IPV6_STAYS)),
    )
    inside, outside = sent(made, PeerKind.CLIENT), sent(made, PeerKind.EXTERNAL)
    assert (inside.extended_communities, inside.unknown) == (
        made.attributes.extended_communities,
        made.attributes.unknown,
    )
    assert outside.extended_communities == (GOES,)
    assert outside.unknown == (UnknownAttribute(0xC0, 25, IPV6_GOES), UnknownAttribute(0xE0, 99, IPV6_STAYS))


@pytest.mark.rfc("4360", "6")
@pytest.mark.rfc("5701", "2")
def test_nothing_is_left_of_communities_that_all_stay() -> None:
    made = path(TABLE, CLIENT, extended_communities=(STAYS,), unknown=(UnknownAttribute(0xC0, 25, IPV6_STAYS),))
    assert (sent(made, PeerKind.EXTERNAL).extended_communities, sent(made, PeerKind.EXTERNAL).unknown) == ((), ())


@pytest.mark.rfc("1997", "Operation")
@pytest.mark.rfc("8092", "5")
@pytest.mark.parametrize("kind", list(PeerKind))
def test_communities_and_large_ones_go_everywhere_as_they_are(kind: PeerKind) -> None:
    made = path(TABLE, CLIENT, communities=(3, 1, 2), large_communities=((3, 0, 0), (1, 0, 0)), partial=(8,))
    attributes = sent(made, kind)
    assert (attributes.communities, attributes.large_communities, attributes.partial) == (
        (3, 1, 2),
        ((3, 0, 0), (1, 0, 0)),
        (8,),
    )


def test_a_full_cluster_list_is_not_sent_on() -> None:
    assert exported(path(TABLE, CLIENT, cluster_list=tuple(range(255)))) is None


@pytest.mark.rfc("1997", "Well-known Communities")
@pytest.mark.parametrize(
    ("community", "to_internal", "to_external"),
    [(0xFFFFFF01, True, False), (0xFFFFFF02, False, False), (0xFFFFFF03, True, False), (1, True, True)],
    ids=["no-export", "no-advertise", "no-export-subconfed", "plain"],
)
def test_well_known_communities(community: int, to_internal: bool, to_external: bool) -> None:
    made = path(TABLE, CLIENT, communities=(community,))
    assert (exported(made, PeerKind.CLIENT) is not None) is to_internal
    assert (exported(made, PeerKind.EXTERNAL) is not None) is to_external

"""The degree of preference: one row a rule."""

import pytest

from support.rib import LOCAL_AS, source
from tortie.bgp.rib import ImportRule, SourceKind, degree_of_preference
from tortie.bgp.wire import GRACEFUL_SHUTDOWN, AttributeTable

TABLE = AttributeTable()
PLAIN = ImportRule(LOCAL_AS)
OBEYS = ImportRule(LOCAL_AS, obeys_graceful_shutdown=True)
DRAINING = ImportRule(LOCAL_AS, is_draining=True)
TAG = (1, GRACEFUL_SHUTDOWN)


@pytest.mark.rfc("4271", "9.1.1")
@pytest.mark.rfc("8326", "4.1")
@pytest.mark.rfc("8326", "4.2")
@pytest.mark.parametrize(
    ("kind", "local_pref", "communities", "rule", "expected"),
    [
        pytest.param(SourceKind.INTERNAL, 300, (), PLAIN, 300, id="iBGP: LOCAL_PREF"),
        pytest.param(SourceKind.INTERNAL, None, (), PLAIN, 100, id="iBGP without"),
        pytest.param(SourceKind.LOCAL, None, (), PLAIN, 100, id="our own"),
        pytest.param(SourceKind.LOCAL, 70, (), PLAIN, 70, id="our own with LOCAL_PREF"),
        pytest.param(SourceKind.EXTERNAL, None, (), PLAIN, 100, id="eBGP"),
        pytest.param(SourceKind.EXTERNAL, 300, (), PLAIN, 100, id="eBGP, LOCAL_PREF does not count"),
        pytest.param(SourceKind.EXTERNAL, None, TAG, PLAIN, 100, id="eBGP leaving, not obeyed"),
        pytest.param(SourceKind.EXTERNAL, None, TAG, OBEYS, 0, id="eBGP leaving, obeyed"),
        pytest.param(SourceKind.EXTERNAL, None, (1,), OBEYS, 100, id="eBGP, another community"),
        pytest.param(SourceKind.INTERNAL, 300, TAG, OBEYS, 300, id="iBGP leaving: its LOCAL_PREF says so"),
        pytest.param(SourceKind.EXTERNAL, None, (), DRAINING, 0, id="we go: eBGP"),
        pytest.param(SourceKind.INTERNAL, 300, (), DRAINING, 300, id="we go: iBGP"),
        pytest.param(SourceKind.LOCAL, None, (), DRAINING, 100, id="we go: our own, for ourselves"),
    ],
)
def test_degree_of_preference(
    kind: SourceKind, local_pref: int | None, communities: tuple[int, ...], rule: ImportRule, expected: int
) -> None:
    attributes = TABLE.intern(local_pref=local_pref, communities=communities)
    assert degree_of_preference(attributes, source("192.0.2.1", kind), rule) == expected

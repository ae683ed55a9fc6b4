"""Outcomes of commands that are judged by what they printed. (Hands on a lab: tests/lab/test_lab_seed.py.)"""

import pytest

from tortie.lab.execute import Output
from tortie.lab.walk_tools import outcome, said


@pytest.mark.parametrize(
    ("output", "ok", "seen", "shown"),
    [
        pytest.param(Output(0, "64512\n", "warning\n"), True, "64512", "64512", id="as expected"),
        pytest.param(Output(0, "", ""), True, "no word", "", id="silent"),
        pytest.param(Output(0, "64513\n", ""), False, "64513", "64513", id="another word"),
        pytest.param(Output(3, "", "no datastore\n"), False, "exit code 3: no datastore", "no datastore", id="failed"),
        pytest.param(Output(1, "a\n", "b\n"), False, "exit code 1: a b", "a\n\nb", id="failed with both"),
    ],
)
def test_what_was_seen(output: Output, ok: bool, seen: str, shown: str) -> None:
    found = said(output, "64512", ok=ok)
    assert (found.expected, found.seen, found.output, found.ok) == ("64512", seen, shown, ok)


def test_data_goes_along() -> None:
    assert outcome("a", "a", ok=True, output="\nx\n", n=1).data == {"n": 1}
    assert outcome("a", "a", ok=True, output="\nx\n").output == "x"

"""Tables as text."""

from tortie.cli.tables import BOXED_WIDTH_MAX, aligned_table, boxed_table

STATUS_HEADINGS = ("PEER ADDRESS", "PEER TYPE", "STATE", "SINCE", "INFO")


def test_aligned_table_has_three_spaces_and_a_blank_line_after() -> None:
    assert aligned_table(("NAME", "ASN"), [("kube-node1", "(64512)"), ("n", "")]) == (
        "NAME         ASN\n"
        "kube-node1   (64512)\n"
        "n\n"
        "\n"
    )  # fmt: skip


def test_aligned_table_without_rows_is_its_headings() -> None:
    assert aligned_table(("SCOPE", "PEERIP"), []) == "SCOPE   PEERIP\n\n"


def test_boxed_table_is_calicoctls() -> None:
    row = ("10.192.0.3", "node-to-node mesh", "up", "16:46:08", "Established")
    assert boxed_table(STATUS_HEADINGS, [row]) == (
        "+--------------+-------------------+-------+----------+-------------+\n"
        "| PEER ADDRESS |     PEER TYPE     | STATE |  SINCE   |    INFO     |\n"
        "+--------------+-------------------+-------+----------+-------------+\n"
        "| 10.192.0.3   | node-to-node mesh | up    | 16:46:08 | Established |\n"
        "+--------------+-------------------+-------+----------+-------------+\n"
    )


def test_boxed_table_folds_its_last_column_to_stay_within_the_width() -> None:
    reason = "Active cannot connect: Connection refused by a host that does not listen there any more"
    row = ("10.192.0.3", "node-to-node mesh", "start", "16:46:08", reason)
    lines = boxed_table(STATUS_HEADINGS, [row]).splitlines()
    assert max(map(len, lines)) == BOXED_WIDTH_MAX
    assert " ".join(line.split("|")[-2].strip() for line in lines[3:-1]) == reason


def test_boxed_table_cuts_nothing_when_it_cannot_stay_within_the_width() -> None:
    address = "2001:0db8:aaaa:bbbb:cccc:dddd:eeee:ffff"
    lines = boxed_table(STATUS_HEADINGS, [(address, "node-to-node mesh", "up", "16:46:08", "Established")]).splitlines()
    assert address in lines[3]
    assert "Established" in lines[3]

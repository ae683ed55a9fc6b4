"""Findings as text of at most 80 columns; a line to type is never folded."""

from tortie.cli.findings import findings_text


def finding(level: str, text: str, remedy: str = "") -> dict[str, str]:
    return {"subject": "neighbours", "level": level, "text": text, "remedy": remedy}


def test_lines_and_sum() -> None:
    long_line = "sysctl -w " + "x" * 90
    text = findings_text(
        [finding("ok", "fine"), finding("warn", "word " * 30, "first\n  second"), finding("fail", "bad", long_line)]
    )
    assert text.splitlines()[0] == "ok    neighbours   fine"
    assert "      type: first\n        second\n" in text
    assert f"      type: {long_line}\n" in text
    assert text.endswith("\n\n1 failed, 1 to look at, 1 in order\n")
    assert max(len(line) for line in text.splitlines() if "xxx" not in line) <= 80


def test_nothing() -> None:
    assert findings_text([]) == "\n0 failed, 0 to look at, 0 in order\n"

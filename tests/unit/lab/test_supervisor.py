"""How processes end, in words. (Starting and watching them: tests/lab/test_lab_processes.py.)"""

import pytest

from tortie.lab.supervisor import exit_text


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0, "exit code 0"),
        (70, "exit code 70"),
        (-9, "killed by SIGKILL"),
        (-15, "killed by SIGTERM"),
        (-99, "killed by signal 99"),
    ],
)
def test_endings(status: int, text: str) -> None:
    assert exit_text(status) == text

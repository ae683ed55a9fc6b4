"""Prometheus' own checker of metrics and alerts, as a program.

What it is for: running it where it is. What it is NOT for: installing it (scripts/setup.sh unpacks it).
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def promtool(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run promtool; without it skip, in CI fail."""
    beside = Path(sys.prefix) / "promtool/usr/bin/promtool"
    program = os.environ.get("TORTIE_PROMTOOL") or shutil.which("promtool") or str(beside)
    if not os.access(program, os.X_OK):
        assert not os.environ.get("CI"), f"no promtool at {program}; scripts/test unpacks it"
        pytest.skip("no promtool; scripts/test unpacks it")
    return subprocess.run([program, *arguments], input=text, capture_output=True, text=True, timeout=60, check=False)

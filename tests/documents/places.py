"""Where things lie in the repository."""

from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]
DOCS: Final = REPOSITORY / "docs"
SOURCE: Final = REPOSITORY / "src" / "tortie"
TESTS: Final = REPOSITORY / "tests"

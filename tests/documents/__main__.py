"""Write every generated page; say which ones changed. Called by scripts/gen-docs."""

import sys

from documents import DOCS, GENERATED


def main() -> None:
    """Write docs/*.md that are generated."""
    for name, page in GENERATED.items():
        path = DOCS / name
        text = page()
        is_new = not path.exists() or path.read_text(encoding="utf-8") != text
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(DOCS.parent)}: {'written' if is_new else 'unchanged'}\n")


if __name__ == "__main__":
    main()

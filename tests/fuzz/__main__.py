"""Let atheris (libFuzzer) search for input that breaks the target.

``python -m fuzz [--seconds N] [--runs N] [--found DIRECTORY] [--corpus DIRECTORY] [--seed N]``: what reaches new code
is kept below ``--corpus``, input that breaks the target is written below ``--found`` and the exit code is then not 0.
``python -m fuzz --write-seeds`` writes tests/corpus/fuzz from the rows of malformed input.
"""

import argparse
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CORPUS = REPOSITORY / "tests" / "corpus"
INPUT_SIZE_MAX = 4400
TIMEOUT_S = 20
"""For one input: an endless loop is a finding."""


def main() -> None:
    """Read the options, then write seeds or search."""
    parser = argparse.ArgumentParser(prog="fuzz")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", type=int, default=-1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--found", type=Path, default=CORPUS / "crashes")
    parser.add_argument("--corpus", type=Path, default=REPOSITORY / ".fuzz")
    parser.add_argument("--write-seeds", action="store_true")
    options = parser.parse_args()
    if options.write_seeds:
        from fuzz.seeds import write_seeds  # noqa: PLC0415  it imports what a search must instrument first

        write_seeds(CORPUS / "fuzz")
        return
    for folder in (options.corpus, options.found):
        folder.mkdir(parents=True, exist_ok=True)
    search(
        f"-max_total_time={options.seconds}",
        f"-runs={options.runs}",
        f"-seed={options.seed}",
        f"-max_len={INPUT_SIZE_MAX}",
        f"-timeout={TIMEOUT_S}",
        f"-artifact_prefix={options.found}/",
        "-print_final_stats=1",
        str(options.corpus),
        str(CORPUS / "fuzz"),
        str(CORPUS / "crashes"),
    )


def search(*arguments: str) -> None:
    """Instrument the project and search; does not return."""
    import atheris  # noqa: PLC0415  not on every platform, see docs/dependencies.md

    with atheris.instrument_imports(include=["tortie"]):
        from fuzz.target import check  # noqa: PLC0415  imported while imports are instrumented
    atheris.Setup([sys.argv[0], *arguments], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

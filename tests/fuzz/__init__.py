"""The fuzz target: any octets on a BGP session, found by coverage with atheris, and what must hold for them.

`target.check` is the target and needs nothing but the project; tests/property/test_fuzz_corpus.py gives it every file
of tests/corpus. ``python -m fuzz`` (scripts/fuzz) lets atheris search. Not for: octets that are sent to other doors.
"""

"""Scalars of a manifest that remember how they were written.

YAML decides a type from the look of a plain scalar, the field decides what is meant. These three
keep both: they behave as the value, and carry the text. What it is NOT for: reading manifests
(``manifest.py``) or validating fields (``fields.py``).
"""

from typing import Final

BOOLEAN_WORDS: Final = {
    word: value
    for base, value in (("yes", True), ("no", False), ("on", True), ("off", False))
    for word in (base, base.capitalize(), base.upper())
}
"""Plain words that YAML 1.1 takes for booleans and YAML 1.2 for text."""


class IntegerText(int):
    """An integer with the text that it was written as."""

    text: str

    def __new__(cls, text: str, value: int) -> "IntegerText":
        """Keep `value` as the number and `text` as it was written."""
        self = super().__new__(cls, value)
        self.text = text
        return self


class FloatText(float):
    """A number with a fraction, with the text that it was written as."""

    text: str

    def __new__(cls, text: str) -> "FloatText":
        """Keep the number and the text."""
        self = super().__new__(cls, text)
        self.text = text
        return self


class BooleanWord(str):
    """One of YAML 1.1's yes, no, on, off without quotes: text, but boolean to a boolean field or a label."""

    __slots__ = ()

    @property
    def boolean(self) -> bool:
        """The boolean it stands for in YAML 1.1."""
        return BOOLEAN_WORDS[str(self)]

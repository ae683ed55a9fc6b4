"""One module a verb, named after it; each imports what it needs only when it runs."""

__all__: list[str] = []

"""Messages name the object, the value and what was expected."""

from tortie.store import Compacted, Conflict, HistoryReplaced, StoreError


def test_messages() -> None:
    table = [
        (Conflict("/a", 0, 3), "/a: expected no such key, found revision 3"),
        (Conflict("/a", 2, 0), "/a: expected revision 2, found no such key"),
        (
            Compacted(3, 9),
            "events after revision 3 were asked for, but those up to revision 9 are compacted: list again",
        ),
        (
            HistoryReplaced(9, 3),
            "the datastore was replaced, or restored from a backup: "
            "revision 9 was seen of it, now it stands at revision 3",
        ),
    ]
    for error, text in table:
        assert isinstance(error, StoreError)
        assert str(error) == text

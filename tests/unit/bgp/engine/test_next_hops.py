"""What a speaker asks of its kernel side: asked once, forgotten late, never without an answer."""

from tortie.bgp.engine.next_hops import UNUSED_MAX_LEAST, NextHops

ONE, TWO = b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02"


def test_a_new_one_is_asked_about_once() -> None:
    next_hops = NextHops()
    next_hops.want(ONE)
    next_hops.want(ONE)
    assert next_hops.take_wanted(set) == (ONE,)
    assert next_hops.take_wanted(set) is None


def test_an_answer_counts_only_for_what_is_asked_about_and_once() -> None:
    next_hops = NextHops()
    assert not next_hops.answer(ONE, 5)
    next_hops.want(ONE)
    assert next_hops.metric(ONE) is None
    assert next_hops.answer(ONE, 5)
    assert not next_hops.answer(ONE, 5)
    assert next_hops.metric(ONE) == 5


def test_one_that_is_lost_and_wanted_again_before_the_flush_keeps_its_answer() -> None:
    """Nobody would be asked anew: the list of what is asked about has not changed."""
    next_hops = NextHops()
    next_hops.want(ONE)
    next_hops.take_wanted(set)
    next_hops.answer(ONE, 5)
    next_hops.note_paths_went()
    next_hops.want(ONE)
    assert next_hops.take_wanted(lambda: {ONE}) is None
    assert next_hops.metric(ONE) == 5


def test_unused_ones_are_forgotten_when_paths_went() -> None:
    next_hops = NextHops()
    next_hops.want(ONE)
    next_hops.want(TWO)
    next_hops.take_wanted(set)
    next_hops.note_paths_went()
    assert next_hops.take_wanted(lambda: {TWO}) == (TWO,)


def test_many_next_hops_of_one_path_after_the_other_do_not_pile_up() -> None:
    next_hops = NextHops()
    for index in range(10_000):
        last = index.to_bytes(4)
        next_hops.want(last)
        next_hops.take_wanted(lambda last=last: {last})  # type: ignore[misc]  # bound at once
    assert len(next_hops) <= 3 * UNUSED_MAX_LEAST


def test_the_link_local_half_does_not_count() -> None:
    next_hops = NextHops()
    next_hops.want(bytes(16) + b"\xfe\x80" + bytes(14))
    assert next_hops.take_wanted(set) == (bytes(16),)
    next_hops.answer(bytes(16), 1)
    assert next_hops.metric(bytes(32)) == 1

"""Durations by upper bound."""

from tortie.node.histogram import BOUNDS_S, Histogram


def test_empty() -> None:
    histogram = Histogram()
    assert (histogram.count, histogram.sum_s) == (0, 0.0)
    assert histogram.cumulative() == [(str(bound), 0) for bound in BOUNDS_S] + [("+Inf", 0)]


def test_a_bound_belongs_to_its_bucket() -> None:
    histogram = Histogram()
    for seconds in (0.0, 0.001, 0.0011, 60.0, 60.1, 1e9):
        histogram.observe(seconds)
    counts = dict(histogram.cumulative())
    assert (counts["0.001"], counts["0.0025"], counts["30.0"], counts["60.0"], counts["+Inf"]) == (2, 3, 3, 4, 6)
    assert histogram.count == 6

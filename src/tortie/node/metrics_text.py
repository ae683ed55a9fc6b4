"""Samples as the text that Prometheus reads: the one door to its client library.

For: exposition in the text format and in OpenMetrics, with the process's own metrics (memory, processor, descriptors).
Not for: values (`metrics_speaker`, `metrics_agent`), sockets (`metrics_server`).
Imported only where metrics are served: the client costs some 30 ms and 5 MB.
Structure to know: `Exposition`.
"""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder

from tortie.node.histogram import Histogram
from tortie.node.metrics_table import METRICS, Samples

__all__ = ["Exposition"]


class Exposition:
    """Renders what `samples` yields, each time anew."""

    def __init__(self, samples: Callable[[], Samples]) -> None:
        """Keep where the samples come from; nothing is read before `render`."""
        self._samples = samples
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the text and its media type, as an Accept header wishes."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def collect(self) -> Iterator[Metric]:
        """Yield every family with its samples, in the table's order; for the registry."""
        by_name: dict[str, list[tuple[tuple[str, ...], float | Histogram]]] = {}
        for name, labels, value in self._samples():
            by_name.setdefault(name, []).append((labels, value))
        assert by_name.keys() <= METRICS.keys(), "every metric stands in the table"
        for name in METRICS:
            if name in by_name:
                yield _family(name, by_name[name])


def _family(name: str, samples: list[tuple[tuple[str, ...], float | Histogram]]) -> Metric:
    metric = METRICS[name]
    if metric.kind == "histogram":
        histogram = HistogramMetricFamily(name, metric.text)
        for _, value in samples:
            assert isinstance(value, Histogram), "the table says so"
            histogram.add_metric((), value.cumulative(), value.sum_s)
        return histogram
    make = GaugeMetricFamily if metric.kind == "gauge" else CounterMetricFamily
    family = make(name, metric.text, labels=metric.labels)
    for labels, value in samples:
        assert not isinstance(value, Histogram), "the table says so"
        family.add_metric(labels, value)
    return family

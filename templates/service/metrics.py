"""How many requests does the service get, how fast does it answer, and what does it predict? For Prometheus."""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE

disable_created_metrics()  # the start time of each counter: twice the text, and nobody uses it

MOST_CLASSES = 30  # of a model; what is beyond is counted as "other"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """What has been counted since the service started."""

    def __init__(self, serving):
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        counter = lambda name, text, labels: Counter(name, text, labels, registry=self.registry)  # noqa: E731
        self._requests = counter("http_requests_total", "Requests answered.", ["path", "method", "status"])
        self._seconds = Histogram("http_request_duration_seconds", "Time from a request's head to its answer.", ["path"],
                                  buckets=SECONDS, registry=self.registry)
        self._rows = counter("prediction_rows_total", "Rows predicted by a model.", ["model"])
        self._classes = counter("predictions_total", "How often a model predicted a class.", ["model", "class"])
        about = Gauge("model_info", "The version of the models and the release that serve.", ["version", "release"], registry=self.registry)
        about.labels(serving.version, os.environ.get("RELEASE", "")).set(1)
        self._is_class = {name: serving.tasks.get(name) != "regression" for name in serving.names}
        self._known = {name: {} for name in serving.names}  # {model: {class: its counter}}
        self._model_rows = {name: self._rows.labels(name) for name in serving.names}
        self._children = {}

    def answered(self, path, method, status, seconds):
        """`path`: as the service's addresses are written, so that there are few."""
        found = self._children.get((path, method, status))
        if found is None:
            found = self._children[path, method, status] = self._requests.labels(path, method, status), self._seconds.labels(path)
        found[0].inc()
        found[1].observe(seconds)

    def predicted(self, answers):
        """Counts what the models answered to some rows."""
        for name, known in self._known.items():
            self._model_rows[name].inc(len(answers))
            if not self._is_class[name]:
                continue
            counts = {}
            for answer in answers:
                own = answer[name]
                label = own["class"] if "class" in own else next(iter(own.values()))
                counts[label] = counts.get(label, 0) + 1
            for label, count in counts.items():
                self._counter(name, known, label).inc(count)

    def _counter(self, name, known, label):
        if label not in known:
            text = "other" if len(known) >= MOST_CLASSES else str(label).lower() if isinstance(label, bool) else str(label)
            if text == "other" and len(known) >= MOST_CLASSES:
                return self._classes.labels(name, text)
            known[label] = self._classes.labels(name, text)
        return known[label]

    def text(self):
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)

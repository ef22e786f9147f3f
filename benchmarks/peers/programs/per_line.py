"""What one writes first: json and prometheus-client for each line. Arguments: LOG."""

import json
import re
import sys

from prometheus_client import CollectorRegistry, Counter, Histogram

registry = CollectorRegistry()
labels = ["method", "route", "status"]
seconds = Histogram("seconds", "-", labels, registry=registry, buckets=[0.1, 0.5, 1, 2, 5])
total = Counter("requests", "-", labels, registry=registry)
identifier = re.compile(r"/(?:\d+|[0-9a-f]{24}|[0-9a-f-]{36})(?=/|$)")

with open(sys.argv[1], "rb") as log:  # noqa: PTH123 - as one writes it
    for line in log:
        record = json.loads(line)
        if record.get("message") == "HTTP Request":
            route = record.get("route")
            if not route and record["status"] == 404:
                route = "unmatched"
            elif not route:
                route = identifier.sub("/:id", record["url"].partition("?")[0])
            values = record["method"], route, str(record["status"])
            seconds.labels(*values).observe(record["duration"] / 1000)
            total.labels(*values).inc()

samples: dict[tuple[str, ...], dict[tuple[str, str | None], float]] = {}
for family in registry.collect():
    for sample in family.samples:
        key = tuple(sample.labels[label] for label in labels)
        samples.setdefault(key, {})[sample.name, sample.labels.get("le")] = sample.value
print(
    json.dumps(
        [
            [*key, found["requests_total", None], found["seconds_sum", None] * 1000]
            + [found["seconds_bucket", bound] for bound in ("0.1", "0.5", "1.0", "2.0", "5.0")]
            for key, found in samples.items()
        ]
    )
)

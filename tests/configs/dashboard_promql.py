"""Rules for the expressions of dashboards, of the same kind as those in `dashboard_rules.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import NamedTuple

import promql_parser
from configs.dashboard_rules import Rule
from configs.dashboards import INTERVALS, ROOT, Json, Query, configuration, label_values, queries, substitute, variables

OF_PROMETHEUS = {"up", "ALERTS", "scrape_duration_seconds", "scrape_samples_post_metric_relabeling"}
"""Series that Prometheus makes itself."""

OF_ALL_JOBS = {"up", "ALERTS", "slo:http_availability:objective"}
"""What a panel may show whatever the job is."""

OF_PROCESSES = {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds"}
CHOICES = {'=~"$job"': "instance", '="node-exporter"': "node"}
"""Which variable chooses among the instances of a job."""

RATES = {"increase", "irate", "rate"}


class Selector(NamedTuple):
    """A selector in an expression.

    Attributes:
        metric: Its name.
        matchers: Label to operator and value, as in `=~"$job"`.
        around: Names of the functions and aggregations around it, the outermost first.
    """

    metric: str
    matchers: dict[str, str]
    around: tuple[str, ...]


def selectors(expression: str) -> list[Selector]:
    """Return the selectors of an expression.

    Raises:
        ValueError: It is not PromQL.
    """
    found: list[Selector] = []
    around: list[str] = []

    def enter(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.Call):
            around.append(node.func.name)
        elif isinstance(node, promql_parser.AggregateExpr):
            around.append(str(node.op))
        elif isinstance(node, promql_parser.VectorSelector):
            matchers = {each.name: str(each).removeprefix(each.name) for each in node.matchers.matchers}
            found.append(Selector(node.name or "", matchers, tuple(around)))

    def leave(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.Call | promql_parser.AggregateExpr):
            around.pop()

    promql_parser.walk(promql_parser.parse(expression), enter, leave)
    return found


def is_promql(dashboard: Json) -> Iterator[str]:
    """Every expression can be read; the other rules pass over those that cannot."""
    for query in every_query(dashboard):
        try:
            selectors(query.expression)
        except ValueError as error:
            yield f"{query.place}: {error}"


def reads_metrics_that_exist(dashboard: Json) -> Iterator[str]:
    """A misspelt metric is an empty panel, not an error."""
    for query, selector in every_selector(dashboard):
        if selector.metric not in known_metrics():
            yield f"{query.place} reads {selector.metric}"


def looks_back_as_far_as_needed(dashboard: Json) -> Iterator[str]:
    """A rate over a fixed range misses samples when zoomed out, and finds too few of them where scrapes are rare."""
    for query in queries(dashboard):
        for length in re.findall(r"\[([^\]]*)\]", query.expression):
            if length != "$__rate_interval" and not (length == "$__range" and query.is_instant):
                yield f"{query.place} looks back {length}"


def counts_by_rates(dashboard: Json) -> Iterator[str]:
    """A counter says something through its growth alone, or by how many there are."""
    for query, selector in every_selector(dashboard):
        is_fine = RATES & set(selector.around) or selector.around[-1:] == ("count",) or query.format == "values"
        if is_counter(selector.metric) and not is_fine:
            yield f"{query.place} shows the counter {selector.metric} as it is"


def reads_buckets_as_a_histogram(dashboard: Json) -> Iterator[str]:
    """Buckets are cumulative: they mean something in a quantile or a heatmap."""
    for query, selector in every_selector(dashboard):
        is_bucket = re.search(r"_bucket(:|$)", selector.metric)
        if is_bucket and "histogram_quantile" not in selector.around and query.format != "heatmap":
            yield f"{query.place} reads {selector.metric} as it is"


def asks_for_a_job(dashboard: Json) -> Iterator[str]:
    """Another job may have metrics of the same name."""
    jobs = {'=~"$job"', *(f'="{name}"' for name in scrape_intervals())}
    for query, selector in every_selector(dashboard):
        is_exempt = selector.metric in OF_ALL_JOBS or query.place.endswith("variable job")
        if not is_exempt and selector.matchers.get("job") not in jobs:
            yield f"{query.place} asks for {selector.metric} of {selector.matchers.get('job', 'any job')}"


def asks_for_the_chosen_instances(dashboard: Json) -> Iterator[str]:
    """Where instances can be chosen, the choice holds for everything that has an instance."""
    for query, selector in every_selector(dashboard):
        variable = CHOICES.get(selector.matchers.get("job", ""))
        has_choice = variable in variables(dashboard) and not query.place.endswith(f"variable {variable}")
        is_recorded = ":" in selector.metric
        if has_choice and not is_recorded and selector.matchers.get("instance") != f'=~"${variable}"':
            yield f"{query.place} asks for {selector.metric} of {selector.matchers.get('instance', 'any instance')}"


def knows_who_is_scraped_rarely(dashboard: Json) -> Iterator[str]:
    """$__rate_interval is four intervals of the data source long, unless the target names a longer interval."""
    (source, *_) = configuration("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    usual = source["jsonData"]["timeInterval"]
    for query, selector in every_selector(dashboard):
        every = scrape_intervals().get(selector.matchers.get("job", "").strip('="'), 0)
        if RATES & set(selector.around) and every > seconds(query.interval or usual):
            yield f"{query.place} reads {selector.metric}, which is scraped every {every} s only"


def every_query(dashboard: Json) -> Iterator[Query]:
    """Yield the expressions of panels, annotations and variables, as PromQL with the other variables in its quotes."""
    values = INTERVALS | {name: each["query"].split(",")[0] for name, each in variables(dashboard, "custom").items()}
    for query in queries(dashboard):
        yield query._replace(expression=substitute(query.expression, values))
    for name, variable in variables(dashboard, "query").items():
        if (asked := label_values(variable)) is not None:
            yield Query(f"{dashboard['title']} / variable {name}", asked.selector, format="values")


def every_selector(dashboard: Json) -> Iterator[tuple[Query, Selector]]:
    """Yield each selector of the expressions that can be read."""
    for query in every_query(dashboard):
        with suppress(ValueError):
            yield from ((query, selector) for selector in selectors(query.expression))


def is_counter(metric: str) -> bool:
    """Return whether a metric is a counter: by its name, or by what exporters say of it."""
    is_raw = ":" not in metric
    return is_raw and (
        bool(re.search(r"_(total|bucket|sum|count)$", metric)) or exporters_types().get(metric) == "counter"
    )


@cache
def known_metrics() -> frozenset[str]:
    """Return the names of the sidecar's, the rules', the exporters' and Prometheus' own series."""
    documented = re.findall(r"^\| `([a-z_]+)` \| (\w+) \|", (ROOT / "docs/metrics.md").read_text("utf-8"), re.MULTILINE)
    parts = {
        f"{name}_{part}" for name, kind in documented if kind == "histogram" for part in ("bucket", "sum", "count")
    }
    files = [
        configuration(f"prometheus/rules/{path.name}") for path in (ROOT / "configs/prometheus/rules").glob("*.yml")
    ]
    recorded = {rule.get("record") for file in files for group in file["groups"] for rule in group["rules"]}
    return frozenset({*dict(documented), *parts, *recorded, *exporters_types(), *OF_PROMETHEUS, *OF_PROCESSES})


@cache
def exporters_types() -> dict[str, str]:
    """Return the types of the metrics that real exporters had."""
    recorded = (ROOT / "tests/configs/data/exporters").glob("*.prom")
    return {
        name: kind
        for path in recorded
        for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", path.read_text("utf-8"), re.MULTILINE)
    }


@cache
def scrape_intervals() -> dict[str, int]:
    """Return how often each job is scraped, in seconds."""
    config = configuration("prometheus/prometheus.yml")
    usual = config["global"]["scrape_interval"]
    return {job["job_name"]: seconds(job.get("scrape_interval", usual)) for job in config["scrape_configs"]}


def seconds(duration: str) -> int:
    return int(promql_parser.parse_duration(duration).total_seconds())


RULES: tuple[Rule, ...] = (
    is_promql,
    reads_metrics_that_exist,
    looks_back_as_far_as_needed,
    counts_by_rates,
    reads_buckets_as_a_histogram,
    asks_for_a_job,
    asks_for_the_chosen_instances,
    knows_who_is_scraped_rarely,
)

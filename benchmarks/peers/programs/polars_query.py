"""Polars, with POLARS_MAX_THREADS. Arguments: logs."""

import json
import sys

import polars as pl

FIELDS = {
    **dict.fromkeys(("message", "method", "url", "route"), pl.String),
    "status": pl.Int64,
    "duration": pl.Float64,
}
path = pl.col("url").str.replace(r"\?.*", "")
template = path.str.replace_all(r"/(?:\d+|[0-9a-f]{24}|[0-9a-f-]{36})(/|$)", "/:id${1}")
derived = pl.when(pl.col("status") == 404).then(pl.lit("unmatched")).otherwise(template)
counted = (
    pl.scan_ndjson(sys.argv[1:], schema=FIELDS)
    .filter(pl.col("message") == "HTTP Request")
    .group_by("method", pl.coalesce("route", derived), pl.col("status").cast(pl.String))
    .agg(
        pl.len(),
        pl.col("duration").sum(),
        *((pl.col("duration") <= bound).sum().alias(str(bound)) for bound in (100, 500, 1000, 2000, 5000)),
    )
)
print(json.dumps(counted.collect(engine="streaming").rows()))

"""DuckDB. Arguments: threads, logs."""

import json
import sys

import duckdb

QUERY = r"""
    SELECT method,
        CASE WHEN route <> '' THEN route
            WHEN status = 404 THEN 'unmatched'
            ELSE regexp_replace(
                regexp_extract(url, '^[^?]*'), '/(?:\d+|[0-9a-f]{24}|[0-9a-f-]{36})(/|$)', '/:id\1', 'g'
            ) END AS template,
        CAST(status AS VARCHAR),
        count(*), sum(duration),
        count(*) FILTER (duration <= 100), count(*) FILTER (duration <= 500), count(*) FILTER (duration <= 1000),
        count(*) FILTER (duration <= 2000), count(*) FILTER (duration <= 5000)
    FROM read_ndjson($logs, columns = {
        message: 'VARCHAR', method: 'VARCHAR', url: 'VARCHAR', route: 'VARCHAR', status: 'SMALLINT', duration: 'DOUBLE'
    })
    WHERE message = 'HTTP Request'
    GROUP BY ALL
"""

database = duckdb.connect(config={"threads": int(sys.argv[1])})
print(json.dumps(database.execute(QUERY, {"logs": sys.argv[2:]}).fetchall()))

"""Write what real exporters say, as far as dashboards and rules need it, to data/exporters.

    PYTHONPATH=tests python tests/configs/record_exporters.py

It needs more than the tests do: pgbouncer of Debian and, as Debian's exporter of it crashes, that of PyPI, which asks
for old releases: `pip install psycopg2-binary; pip install --no-deps prometheus-pgbouncer-exporter==2.1.2`.

Addresses become those of configs/prometheus/prometheus.yml, so that nothing is left of the machine but its size.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from configs import exporters

DATA = Path(__file__).parent / "data/exporters"
KEPT = {
    "postgres": r"""
        pg_(up | settings_max_connections | stat_database_\w+ | stat_activity_count | locks_count | database_size_bytes)
        | pg_exporter_last_scrape_error
    """,
    "pgbouncer": r"pgbouncer_(up | pools_\w+)",  # as both exporters call them that are in use
    "redis": r"""
        redis_(
            up | uptime_in_seconds | instance_info | exporter_last_scrape_error | db_keys | config_maxclients
            | (connected|blocked)_clients | (connections_received|rejected_connections)_total
            | memory_(used|max|used_rss)_bytes | mem_fragmentation_ratio
            | commands_(processed_total|total|duration_seconds_total) | net_(in|out)put_bytes_total
            | (keyspace_(hits|misses)|(evicted|expired)_keys)_total
        )
    """,
    "node": r"""
        node_(
            cpu_seconds_total | load\d+ | pressure_\w+ | boot_time_seconds | time_seconds | filefd_(allocated|maximum)
            | memory_(MemTotal|MemAvailable|MemFree|Buffers|Cached|SwapTotal|SwapFree)_bytes
            | filesystem_((avail|size|free)_bytes|files|files_free|readonly|device_error)
            | disk_((read|written)_bytes|io_time_seconds)_total
            | network_(receive|transmit)_(bytes|drop|errs)_total
        )
    """,
}
LEFT_OUT = re.compile(r'datname="template|mountpoint="/.+"|device="(?!eth0|vda|/dev/)')
"""Databases that nobody uses, and what is different on every machine."""
OF_THE_PROCESS = re.compile(r'\b(process_id|run_id|os|tcp_port)="[^"]*"')


def find(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed: see .ci/servers")
    return found


def kept(name: str, text: str) -> str:
    """Return the families to keep of an exposition."""
    family = re.compile(rf"(?:\#\ (?:HELP|TYPE)\ )?(?:{KEPT[name]})(?=[ {{])", re.VERBOSE)
    lines = [line for line in text.splitlines() if family.match(line) and not LEFT_OUT.search(line)]
    return "\n".join(lines) + "\n"


def main() -> None:
    with (
        exporters.postgres(find) as postgres,
        exporters.connected(find, postgres, 3),
        exporters.postgres_exporter(find, postgres) as of_postgres,
        exporters.pgbouncer(find, postgres) as pgbouncer,
        exporters.pgbouncer_exporter(find, pgbouncer) as of_pgbouncer,
        exporters.redis(find) as redis,
        exporters.redis_exporter(find, redis) as of_redis,
        exporters.node_exporter(find) as of_node,
    ):
        said = {
            "postgres": exporters.exposition(of_postgres).replace(f'"127.0.0.1:{postgres}"', '"postgres:5432"'),
            "pgbouncer": exporters.exposition(of_pgbouncer),
            "redis": OF_THE_PROCESS.sub(r'\1=""', exporters.exposition(of_redis)),
            "node": exporters.exposition(of_node),
        }
    for name, text in said.items():
        (DATA / f"{name}.prom").write_text(kept(name, text), encoding="utf-8")


if __name__ == "__main__":
    main()

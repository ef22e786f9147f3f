"""`logship check`: whether a configuration file can be obeyed, what is doubtful in it, whether its cases pass."""

from __future__ import annotations

import click

from logship.cli.options import option
from logship.errors import UsageError


@click.command(short_help="Check a configuration file, or test it by cases.")
@click.argument("file", type=click.Path(), metavar="CONFIG", required=False)
@option("--strict", is_flag=True, help="Take warnings for errors: exit code 1.")
@option("--test", type=click.Path(), metavar="CASES", help="Run the cases of this file: lines in, numbers out.")
@option("--schema", is_flag=True, help="Print the JSON Schema of configuration files, for editors.")
def command(file: str | None, strict: bool, test: str | None, schema: bool) -> int:  # noqa: FBT001
    """Check a configuration file: exit code 0 when it can be obeyed, else 2 and what is wrong with it.

    What is allowed but hardly meant is told on stderr: paths that match nothing, metrics that can never count, labels
    without end. With --test, exit code 1 when a case differs.
    """
    if schema:
        return _print_schema()
    if file is None:
        raise UsageError("no configuration file given; logship check CONFIG, or logship check --schema")
    from logship.config import load
    from logship.config.warnings import warned

    config = load(file)
    warnings = warned(file)
    for warning in warnings:
        click.echo(f"logship: warning: {warning}", err=True)
    click.echo(f"{file}: good; follows {', '.join(config.paths)}")
    failed = _failed(file, test) if test is not None else 0
    return 1 if failed or (strict and warnings) else 0


def _failed(file: str, path: str) -> int:
    """Run cases; return how many differ."""
    from logship.config import load
    from logship.config.cases import run_cases

    failed = 0
    for verdict in run_cases(path, load(file)):
        failed += bool(verdict.difference)
        click.echo(f"{'FAIL' if verdict.difference else 'pass'}  {verdict.name}")
        for line in verdict.difference:
            click.echo(f"      {line}")
    return failed


def _print_schema() -> int:
    import orjson

    from logship.config.schema_json import schema_json

    click.echo(orjson.dumps(schema_json(), option=orjson.OPT_INDENT_2))
    return 0

"""`logship check`: whether a configuration file can be obeyed, what is doubtful in it, whether its cases pass."""

from __future__ import annotations

import click

from logship.cli.options import option, web_config_option
from logship.errors import UsageError


@click.command(short_help="Check a configuration file, or test it by cases.")
@click.argument("file", type=click.Path(), metavar="CONFIG", required=False)
@option("--strict", is_flag=True, help="Take warnings for errors: exit code 1.")
@option("--test", type=click.Path(), metavar="CASES", help="Run the cases of this file: lines in, numbers out.")
@web_config_option("Check this web configuration as well: TLS, clients, users.")
@option("--schema", is_flag=True, help="Print the JSON Schema of configuration files, for editors.")
def command(
    file: str | None,
    strict: bool,  # noqa: FBT001
    test: str | None,
    web_config_file: str | None,
    schema: bool,  # noqa: FBT001
) -> int:
    """Check a configuration file: exit code 0 when it can be obeyed, else 2 and what is wrong with it.

    What is allowed but hardly meant is told on stderr: paths that match nothing, metrics that can never count, labels
    without end. With --test, exit code 1 when a case differs.
    """
    if schema:
        return _print_schema()
    if file is None and web_config_file is not None:
        return _check_web(web_config_file)
    if file is None:
        raise UsageError("no configuration file given; logship check CONFIG, or logship check --schema")
    from logship.config import load
    from logship.config.warnings import warned

    config = load(file)
    warnings = warned(file)
    for warning in warnings:
        click.echo(f"logship: warning: {warning}", err=True)
    click.echo(f"{file}: good; follows {', '.join(config.paths)}")
    web_config_file = web_config_file or config.serve.web_config_file
    if web_config_file is not None:
        _check_web(web_config_file)
    failed = _failed(file, test) if test is not None else 0
    return 1 if failed or (strict and warnings) else 0


def _check_web(path: str) -> int:
    """Say that a web configuration can be obeyed, and what it asks for."""
    from logship.config.web import load_web

    options, _ = load_web(path)
    tls, users = options.tls_server_config, len(options.basic_auth_users)
    encryption = "in the clear" if tls is None else f"TLS, {tls.client_auth_type}"
    click.echo(f"{path}: good; {encryption}, {f'users: {users}' if users else 'no users'}")
    return 0


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

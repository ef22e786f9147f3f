"""The command as its users meet it: results on stdout, talk on stderr, errors as one line and an exit code."""

from __future__ import annotations

import gzip
import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from logship import __version__
from logship.cli.main import cli, main
from logship.cli.options import configured
from logship.parse import FORMATS

COMMAND = (sys.executable, "-m", "logship")
COMMANDS = tuple(cli.list_commands(cli.make_context("logship", ["formats"])))
REQUEST = (
    b'{"message":"HTTP Request","level":"info","method":"GET","url":"/caf\xc3\xa9/%d","status":%d,"duration":%d}\n'
)
DATA = Path(__file__).parent.parent / "data" / "winston-small"


@pytest.fixture(autouse=True)
def _in_a_directory_with_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("requests.log").write_bytes(b"".join(REQUEST % (number, 200, number) for number in range(10)))
    Path("broken.yml").write_text("sources: [{paths: [a.log]}]\nmeasure:\n  bucket: [1]\n")
    good = "sources: [{paths: [requests.log]}]\nmeasure:\n  buckets: [1, 2]\nlimits:\n  max_series: 5\n"
    Path("good.yml").write_text(good)
    Path("remote.yml").write_text("sources: [{paths: [good.log, 'gs://bucket/*']}]\n")


def run(
    *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    everything = {**os.environ, **(environment or {})}
    return subprocess.run([*COMMAND, *arguments], input=stdin, capture_output=True, check=False, env=everything)


MISTAKES = {
    "no command": ([], 2, "no command given"),
    "unknown command": (["frobnicate"], 2, "No such command 'frobnicate'"),
    "unknown option of all": (["--frob"], 2, "No such option"),
    "unknown option": (["replay", "--frob", "x"], 2, "No such option"),
    "no path": (["replay"], 2, "Missing argument 'PATH...'"),
    "option without a value": (["replay", "requests.log", "--format"], 2, "--format"),
    "unknown format": (
        ["replay", "--format", "w3c", "requests.log"],
        2,
        "no log format 'w3c'; `logship formats` lists them",
    ),
    "buckets that fall": (["replay", "--buckets", "2,1", "requests.log"], 2, "not 2, 1"),
    "buckets that are no numbers": (["replay", "--buckets", "a,b", "requests.log"], 2, "'a,b' is no list of seconds"),
    "empty buckets": (["replay", "--buckets", "", "requests.log"], 2, "'' is no list of seconds"),
    "NaN as a bucket": (["replay", "--buckets", "nan", "requests.log"], 2, "not nan"),
    "series that are no number": (
        ["replay", "--max-series", "many", "requests.log"],
        2,
        "'many' is not a valid integer",
    ),
    "no series": (["replay", "--max-series", "0", "requests.log"], 2, "max_series"),
    "bad route": (["replay", "--route", "heroes", "requests.log"], 2, "route template 'heroes' must start with /"),
    "unknown output": (["replay", "--output", "xml", "requests.log"], 2, "'xml' is not one of"),
    "unknown order": (["replay", "--sort", "name", "requests.log"], 2, "'name' is not one of"),
    "missing configuration": (["replay", "--config", "none.yml", "requests.log"], 2, "none.yml cannot be read"),
    "broken configuration": (["replay", "--config", "broken.yml", "requests.log"], 2, "broken.yml:3: unknown key"),
    "missing log": (["replay", "requests.log", "none.log"], 2, "there is no file 'none.log'"),
    "glob without a match": (["replay", "none*.log"], 2, "no file matches 'none*.log'"),
    "empty path": (["replay", ""], 2, "there is no file ''"),
    "no configuration to check": (["check"], 2, "no configuration file given"),
    "broken configuration to check": (["check", "broken.yml"], 2, "did you mean 'buckets'?"),
    "a directory to check": (["check", "."], 2, "Is a directory"),
    "argument too many": (["formats", "winston", "app"], 2, "unexpected extra argument"),
    "no command for a state": (["state"], 2, "state --help lists them: show, verify, salvage, reset"),
    "a log as a state file": (["tail", "requests.log", "--state", "requests.log"], 1, "is no state file"),
    "a log to show": (["state", "show", "requests.log"], 1, "is no state file"),
    "a log to verify": (["state", "verify", "requests.log"], 1, "is no state file"),
    "a log to salvage": (["state", "salvage", "requests.log", "--to", "new.db"], 1, "is no state file"),
    "a log to reset": (["state", "reset", "requests.log"], 1, "is no state file"),
    "no host to listen on": (["tail", "--listen", "no-such-host.invalid:1"], 1, "an address of this machine"),
    "no address to listen on": (["tail", "--listen", "nowhere"], 2, "cannot listen on 'nowhere'"),
    "tail with a broken configuration": (["tail", "--config", "broken.yml"], 2, "broken.yml:3"),
    "tail of a URL": (["tail", "s3://me:pw@bucket/a.log"], 2, "not 's3://***@bucket/a.log'; logship replay reads URLs"),
    "tail of standard input": (["tail", "-"], 2, "tail follows files, not standard input; logship replay - reads it"),
    "tail of a URL of a file": (["tail", "file:///var/log/a.log"], 2, "leave file:// out of 'file:///var/log/a.log'"),
    "tail of a URL in a configuration": (["tail", "--config", "remote.yml"], 2, "not 'gs://bucket/*'"),
    "no URL": (["healthcheck", "localhost:9113"], 2, "is no http URL, such as"),
    "bad timeout": (["healthcheck", "--timeout", "soon"], 2, "'soon' is not a valid float"),
    "nobody answers": (["healthcheck", "http://127.0.0.1:1/healthz"], 1, "does not answer with success"),
    "bad port": (["healthcheck", "http://127.0.0.1:http/"], 1, "does not answer with success"),
    "bad host": (["healthcheck", "http://a b/"], 1, "does not answer with success"),
}


@pytest.mark.parametrize(("arguments", "code", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_on_stderr_and_an_exit_code(
    arguments: Sequence[str], code: int, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("logship: ")
    assert err.count("\n") == 1
    assert message in err


@pytest.mark.parametrize(
    "mistake", ["no command", "unknown option", "missing log", "broken configuration", "nobody answers"]
)
def test_a_mistake_is_the_same_in_a_process_of_its_own(mistake: str) -> None:
    arguments, code, message = MISTAKES[mistake]
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (code, b"")
    assert done.stderr.startswith(b"logship: ")
    assert done.stderr.count(b"\n") == 1
    assert message in done.stderr.decode()


def test_an_unreadable_log_is_the_answer_no(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("requests.log").chmod(0)
    with _without_privileges(tmp_path):
        assert main(["replay", "requests.log"]) == 1
    out, err = capfd.readouterr()
    assert (out, err) == ("", "logship: requests.log cannot be read: Permission denied\n")


@contextmanager
def _without_privileges(directory: Path) -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    modes = {each: each.stat().st_mode for each in (directory, *directory.parents)}
    closed = {each: mode for each, mode in modes.items() if mode & 0o055 != 0o055}
    for each, mode in closed.items():
        each.chmod(mode | 0o055)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        for each, mode in closed.items():
            each.chmod(mode)


@pytest.mark.parametrize("command", ["", *COMMANDS])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself(command: str, option: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), option]) == 0
    out, err = capfd.readouterr()
    assert out.startswith(f"Usage: logship {command}".rstrip())
    assert err == ""
    assert "\b" not in out
    assert "\\b" not in out


def test_help_shows_every_command_and_breaks_no_example(capfd: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    out, _ = capfd.readouterr()
    assert all(f"\n  {command} " in out for command in COMMANDS)
    assert any(line.startswith("    logship replay ") for line in out.split("\n"))


def test_every_option_can_be_set_in_the_environment() -> None:
    context = cli.make_context("logship", ["formats"])
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        for option in command.params:
            if option.param_type_name == "option" and option.name != "help":
                long = option.opts[-1].removeprefix("--").replace("-", "_").replace(".", "_").upper()
                assert option.envvar == f"LOGSHIP_{long}", (name, option.name)


def test_the_version_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    first, *facts = capfd.readouterr().out.splitlines()
    assert first == f"logship, version {__version__}"
    assert [fact.split()[0] for fact in facts] == ["commit", "python", "platform", "extras"]
    assert facts[1].split()[2] == platform.python_version()


def test_help_and_completion_import_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from logship.cli.main import main\n"
        "code = main(['--help'])\n"
        "heavy = ('msgspec', 'uvicorn', 'rich', 'starlette', 'yaml', 'prometheus_client', 'watchdog', 'structlog',\n"
        "         'ssl', 'http.client', 'sqlite3', 'orjson', 'app_logging')\n"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stderr == b"[]\n"


@pytest.mark.parametrize(
    ("output", "unused"), [("csv", {"rich", "prometheus_client"}), ("table", {"prometheus_client"})]
)
def test_a_replay_imports_only_what_it_uses(output: str, unused: set[str]) -> None:
    program = (
        "import sys\n"
        "from logship.cli.main import main\n"
        f"code = main(['replay', 'a.log', '--output', {output!r}])\n"
        "print(*sys.modules, file=sys.stderr)\n"
        "sys.exit(code)"
    )
    Path("a.log").touch()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    live_only = {"starlette", "uvicorn", "watchdog", "yaml", "asyncio", "multiprocessing", "ssl", "sqlite3"}
    assert not set(done.stderr.split()) & (live_only | unused)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_can_be_had(shell: str) -> None:
    done = run(environment={"_LOGSHIP_COMPLETE": f"{shell}_source"})
    if shell == "bash" and done.returncode != 0:
        assert b"Bash version" in done.stderr  # click asks the bash that is there
        return
    assert done.returncode == 0
    assert b"_LOGSHIP_COMPLETE" in done.stdout


def test_commands_and_options_complete() -> None:
    def completed(words: str, current: int) -> list[str]:
        environment = {"COMP_WORDS": words, "COMP_CWORD": str(current), "_LOGSHIP_COMPLETE": "bash_complete"}
        return [line.partition(",")[2] for line in run(environment=environment).stdout.decode().splitlines()]

    assert completed("logship re", 1) == ["replay"]
    assert "--buckets" in completed("logship replay --b", 2)
    assert completed("logship tail --from", 2) == ["--from-end"]
    assert completed("logship state s", 2) == ["salvage", "show"]
    assert completed("logship replay --output ", 3) == ["table", "json", "csv", "prom", "openmetrics", "html"]


@pytest.mark.parametrize(
    "words", ["replay ", "tail ", "tail --state ", "tail --config ", "check ", "state show ", "state salvage --to "]
)
def test_files_are_completed_by_the_shell(words: str) -> None:
    line = f"logship {words}"
    environment = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" ")), "_LOGSHIP_COMPLETE": "bash_complete"}
    assert run(environment=environment).stdout == b"file,\n"


def test_from_end_is_an_option_a_key_and_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_from_end(*arguments: str) -> bool:
        """Parse as `tail` does, and configure."""
        command = cli.get_command(cli.make_context("logship", ["formats"]), "tail")
        assert command is not None
        return configured(**command.make_context("tail", list(arguments)).params).follow.from_end

    Path("end.yml").write_text("follow: {from_end: true}\n")
    assert not is_from_end()
    assert is_from_end("--from-end")
    assert is_from_end("--config", "end.yml")
    monkeypatch.setenv("LOGSHIP_FROM_END", "1")
    assert is_from_end()
    monkeypatch.setenv("LOGSHIP_FROM_END", "0")
    assert not is_from_end("--config", "end.yml")
    assert is_from_end("--from-end")


ENVIRONMENT = {
    "LOGSHIP_FORMAT": ("w3c", "no log format 'w3c'"),
    "LOGSHIP_BUCKETS": ("2,1", "not 2, 1"),
    "LOGSHIP_MAX_SERIES": ("0", "max_series"),
    "LOGSHIP_ROUTE": ("heroes", "route template 'heroes'"),
    "LOGSHIP_CONFIG": ("none.yml", "none.yml cannot be read"),
    "LOGSHIP_OUTPUT": ("xml", "'xml' is not one of"),
    "LOGSHIP_SORT": ("name", "'name' is not one of"),
}


@pytest.mark.parametrize("variable", ENVIRONMENT)
def test_a_variable_of_the_environment_is_held_to_the_same(
    variable: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    value, message = ENVIRONMENT[variable]
    monkeypatch.setenv(variable, value)
    assert main(["replay", "requests.log"]) == 2
    assert message in capfd.readouterr().err


def test_options_of_the_environment_are_obeyed_and_the_command_line_goes_first() -> None:
    environment = {
        "LOGSHIP_OUTPUT": "json",
        "LOGSHIP_BUCKETS": "0.005,1",
        "LOGSHIP_ROUTE": "/caf\u00e9/:number /other",
        "LOGSHIP_FORMAT": "winston",
    }
    report = json.loads(run("replay", "requests.log", environment=environment).stdout)
    (series,) = report["series"]
    assert (series["route"], series["buckets"]) == ("/caf\u00e9/:number", {"0.005": 6, "1.0": 10, "+Inf": 10})
    (series,) = json.loads(run("replay", "requests.log", "--buckets", "3", environment=environment).stdout)["series"]
    assert series["buckets"] == {"3.0": 10, "+Inf": 10}


def test_the_command_line_goes_before_the_configuration(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--config", "good.yml", "requests.log", "--output", "json"]) == 0
    assert json.loads(capfd.readouterr().out)["series"][0]["buckets"] == {"1.0": 10, "2.0": 10, "+Inf": 10}
    assert main(["replay", "--config", "good.yml", "--buckets", "7", "requests.log", "--output", "json"]) == 0
    assert json.loads(capfd.readouterr().out)["series"][0]["buckets"] == {"7.0": 10, "+Inf": 10}


def test_auto_overrides_the_format_of_the_configuration(capfd: pytest.CaptureFixture[str]) -> None:
    Path("app.yml").write_text("sources: [{format: app}]\n")
    assert main(["replay", "--config", "app.yml", "--format", "auto", "requests.log", "--output", "json"]) == 0
    assert json.loads(capfd.readouterr().out)["inputs"] == [{"path": "requests.log", "format": "winston"}]


def test_a_good_configuration_is_called_good(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "good.yml"]) == 0
    out, err = capfd.readouterr()
    assert out.startswith("good.yml: ")
    assert err == ""


def test_formats_are_listed_with_an_example_that_can_be_read(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["formats"]) == 0
    lines = capfd.readouterr().out.splitlines()
    examples = [line.removeprefix("  example    ") for line in lines if line.startswith("  example ")]
    assert examples == [known.example for known in FORMATS]


def test_a_format_is_shown_with_where_it_looks_for_what(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["formats", "nginx-json"]) == 0
    shown = capfd.readouterr().out.splitlines()
    assert "  url        request_uri, uri, in request" in shown
    assert "  duration   request_time: seconds" in shown


def test_the_nearest_format_is_named_for_one_that_is_not_there(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["formats", "pino"]) == 2
    assert "there is no log format 'pino'; did you mean" in capfd.readouterr().err


@pytest.mark.parametrize("arguments", [["--output", "table"], ["--output", "json"], ["--output", "prom"]])
def test_a_reader_that_has_seen_enough_is_no_error(arguments: list[str]) -> None:
    lines = b"".join(REQUEST.replace(b"caf", b"%d-page" % number) % (1, 200, 1) for number in range(1500))
    Path("many.log").write_bytes(lines)
    child = subprocess.Popen(
        [*COMMAND, "replay", "many.log", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stderr is not None
    with child.stdout, child.stderr:
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.wait() in {0, 1, 141}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    "arguments", [["replay", "requests.log"], ["replay", "requests.log", "--output", "json"], ["formats"]]
)
def test_a_full_disk_is_the_answer_no(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr == b"logship: the output cannot be written: No space left on device\n"


def test_ctrl_c_ends_a_replay_with_what_was_counted_and_130() -> None:
    child = subprocess.Popen(
        [*COMMAND, "replay", "requests.log", "-", "--output", "json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin is not None
    block = (REQUEST % (1, 200, 1)) * 1000
    for _ in range(30):  # more than a pipe holds: the last write returns when the child has read, so it is at work
        child.stdin.write(block)
        child.stdin.flush()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate()
    assert child.returncode == 130
    counted = json.loads(out)
    assert counted["interrupted"]
    assert 10 < counted["lines"]["request"] <= 10 + 30_000
    assert err == b"logship: interrupted: these are the numbers of what was read until then\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("output", ["table", "json", "csv", "prom"])
def test_any_encoding_of_the_terminal_will_do(encoding: str, output: str) -> None:
    Path("sun.log").write_bytes(REQUEST.replace(b"caf", b"\xe6\x97\xa5") % (1, 200, 1))
    done = run("replay", "sun.log", "--output", output, environment={"PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, b"")
    shown = done.stdout.decode("utf-8" if output in {"json", "prom"} else encoding)
    assert ("\u65e5" in shown) or (r"\u65e5" in shown)


def test_a_log_with_a_name_in_another_encoding_is_reported() -> None:
    name = os.fsdecode(b"caf\xe9.log")
    try:
        Path("requests.log").rename(name)
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    done = run("replay", name, "--output", "json")
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["lines"]["request"] == 10


def test_closed_streams_are_no_reason_for_a_traceback() -> None:
    script = '"$@" <&- >out 2>err; echo $?; "$@" >&- 2>>err; echo $?'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *COMMAND, "replay", "-"], capture_output=True, check=True, input=b""
    )
    assert done.stdout.split() == [b"1", b"1"]
    assert Path("err").read_text().splitlines() == [
        "logship: standard input is closed",
        "logship: standard output is closed: there is nowhere to write the result to",
    ]


@pytest.mark.parametrize(("arguments", "code"), [("formats", 1), ("replay requests.log", 1), ("check good.yml", 0)])
def test_a_result_that_nobody_can_read_is_no_success(arguments: str, code: int) -> None:
    done = subprocess.run(["sh", "-c", f'"$@" {arguments} >&-', "sh", *COMMAND], capture_output=True, check=False)
    assert done.returncode == code
    assert done.stderr.count(b"\n") == code


def test_talk_goes_to_stderr_and_results_to_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("combined.log", "error.log"):
        Path(name).write_bytes(REQUEST % (1, 500, 1))
    assert main(["replay", ".", "--output", "json"]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out)["lines"]["request"] == 11
    assert err == (
        "logship: left out error.log: combined*.log beside it has the same lines "
        "(--with-error-logs reads it all the same)\n"
    )
    assert main(["replay", ".", "--output", "json", "--with-error-logs", "--allow-duplicates"]) == 0
    out, err = capfd.readouterr()
    assert (json.loads(out)["lines"]["request"], err) == (12, "")


def test_the_archive_of_the_first_user_is_read_by_the_command_as_it_stands() -> None:
    done = run("replay", str(DATA / "A"), "--output", "prom")
    assert done.returncode == 0
    requests = [line for line in done.stdout.decode().split("\n") if line.startswith("http_requests_total{")]
    assert sum(float(line.rpartition(" ")[2]) for line in requests) == 4980
    damaged = gzip.compress(b"")[:-4]
    assert run("replay", "-", stdin=damaged).returncode == 1

"""`top`, `doctor` and `healthcheck` ask a real tailer that wants TLS, a password or a certificate."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest
from crash.tailing import command
from integration.certificates import Authority
from integration.serving import Serving, serving

pytestmark = pytest.mark.integration

PASSWORD = "correct:horse"  # noqa: S105 - of this test; a colon belongs to the password
USERS = {"prometheus": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()}
SERVER = {"cert_file": "server.pem", "key_file": "server.key"}


class Place:
    """A tailer, the authority of its certificate, and a directory with what its clients need."""

    def __init__(self, directory: Path, authority: Authority, running: Serving) -> None:
        self.directory, self.authority, self.running = directory, authority, running
        self.url = running.url
        self.user_file = directory / "user"
        self.user_file.write_text(f"prometheus:{PASSWORD}\n")

    def ask(self, *arguments: str | Path, **environment: str | Path) -> subprocess.CompletedProcess[str]:
        asking = {**os.environ, **{name: str(value) for name, value in environment.items()}}
        return subprocess.run([*command(), *arguments], env=asking, capture_output=True, text=True, check=False)

    def on_this_machine(self) -> dict[str, str | Path]:
        return {
            "LOGSHIP_LISTEN": f"127.0.0.1:{self.running.port}",
            "LOGSHIP_WEB_CONFIG_FILE": self.running.web_config,
        }


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Run a tailer that wants TLS and a password."""
    directory = tmp_path_factory.mktemp("locked")
    authority = Authority(directory)
    authority.issue("server")
    with serving(directory, {"tls_server_config": SERVER, "basic_auth_users": USERS}) as running:
        yield Place(directory, authority, running)


@pytest.fixture(scope="module")
def mutual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Run a tailer that wants a certificate of its clients."""
    directory = tmp_path_factory.mktemp("mutual")
    authority = Authority(directory)
    authority.issue("server")
    tls = {
        **SERVER,
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_ca_file": authority.root.name,
    }
    with serving(directory, {"tls_server_config": tls}) as running:
        yield Place(directory, authority, running)


def test_top_is_let_in_by_files_alone(locked: Place) -> None:
    files = "--ca-file", locked.authority.root, "--user-file", locked.user_file
    done = locked.ask("top", locked.url, "--once", *files)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 lines" in done.stdout
    environment = {"LOGSHIP_CA_FILE": locked.authority.root, "LOGSHIP_USER_FILE": locked.user_file}
    said = json.loads(locked.ask("top", locked.url, "--once", "--json", **environment).stdout)
    assert said["lines"] == 1


def test_top_says_what_it_lacks(locked: Place) -> None:
    untrusted = locked.ask("top", locked.url, "--once", "--user-file", locked.user_file)
    assert (untrusted.returncode, untrusted.stderr.count("\n")) == (1, 1)
    assert "not trusted" in untrusted.stderr
    assert "--ca-file" in untrusted.stderr
    in_the_clear = locked.ask("top", locked.url.replace("https", "http"), "--once")
    assert in_the_clear.returncode == 1
    assert "https://" in in_the_clear.stderr
    unknown = locked.ask("top", locked.url, "--once", "--ca-file", locked.authority.root)
    assert unknown.returncode == 1
    assert "--user-file" in unknown.stderr


def test_healthcheck_and_doctor_are_let_in_by_files_alone(locked: Place) -> None:
    files = "--ca-file", locked.authority.root, "--user-file", locked.user_file
    assert locked.ask("healthcheck", f"{locked.url}/readyz", *files).stdout == f"{locked.url}/readyz: 200\n"
    findings = json.loads(locked.ask("doctor", "--json", locked.url, locked.running.log, *files).stdout)["findings"]
    assert [each["subject"] for each in findings if each["check"] == "tailer.ready"] == [locked.url]


def test_no_password_is_shown_to_a_server_that_is_not_trusted(locked: Place) -> None:
    done = locked.ask("healthcheck", "--user-file", locked.user_file, **locked.on_this_machine())
    assert done.returncode == 1
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr


def test_who_wants_a_certificate_lives_and_says_no_more(mutual: Place) -> None:
    done = mutual.ask("healthcheck", **mutual.on_this_machine())
    assert (done.returncode, done.stdout) == (0, f"{mutual.url}/healthz: it asks for a certificate\n")
    named = mutual.ask("healthcheck", mutual.url, "--ca-file", mutual.authority.root)
    assert named.returncode == 1
    assert "--cert-file" in named.stderr
    doctor = mutual.ask("doctor", "--json", mutual.running.log, **mutual.on_this_machine())
    (found,) = [each for each in json.loads(doctor.stdout)["findings"] if each["check"] == "tailer.answers"]
    assert found["severity"] == "note"
    assert "seems to want a password or a certificate; its numbers are not seen" in found["says"]
    assert "--cert-file" in found["remedy"]


def test_who_shows_what_is_not_accepted_is_not_told_that_all_is_well(locked: Place, mutual: Place) -> None:
    wrong = locked.directory / "wrong"
    wrong.write_text("prometheus:battery staple\n")
    named = locked.ask("healthcheck", locked.url, "--ca-file", locked.authority.root, "--user-file", wrong)
    assert (named.returncode, "401" in named.stderr) == (1, True)
    here = locked.on_this_machine()
    unnamed = locked.ask("healthcheck", "--ca-file", locked.authority.root, "--user-file", wrong, **here)
    assert (unnamed.returncode, "401" in unnamed.stderr) == (1, True)
    chain, key = Authority(mutual.directory).issue("strange", "scraper")
    strange = mutual.ask("healthcheck", "--cert-file", chain, "--key-file", key, **mutual.on_this_machine())
    assert strange.returncode == 1


def test_with_a_certificate_it_is_really_asked(mutual: Place) -> None:
    chain, key = mutual.authority.issue("client", "scraper")
    files = "--cert-file", chain, "--key-file", key
    assert mutual.ask("healthcheck", *files, **mutual.on_this_machine()).stdout == f"{mutual.url}/healthz: 200\n"
    top = mutual.ask("top", mutual.url, "--once", "--ca-file", mutual.authority.root, *files)
    assert "1 lines" in top.stdout, top.stderr
    doctor = mutual.ask("doctor", "--json", mutual.running.log, *files, **mutual.on_this_machine())
    checks = [each["check"] for each in json.loads(doctor.stdout)["findings"]]
    assert "tailer.ready" in checks


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--ca-file", "none.pem"], "--ca-file none.pem: No such file or directory"),
        (["--ca-file", __file__], "no certificate in PEM is in it"),
        (["--cert-file", "none.pem"], "--cert-file none.pem, key in the same file: No such file or directory"),
        (["--cert-file", __file__], "no certificate and key in PEM that belong together"),
        (["--key-file", "a.key"], "--key-file a.key: give --cert-file with it"),
        (["--user-file", "none"], "--user-file none: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(
    options: list[str], told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    from logship.cli.main import main

    for asked in (["top", "http://127.0.0.1:1", "--once"], ["healthcheck"], ["doctor", "/dev/null"]):
        assert main([*asked, *options]) == 2
        err = capfd.readouterr().err
        assert (err.count("\n"), told in err) == (1, True), err

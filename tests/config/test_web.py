"""A web configuration is obeyed or refused with file, line, key and remedy, and no secret in it is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from integration.certificates import Authority

from logship.config.web import load_web
from logship.errors import ConfigError

HASH = "$2y$10$" + "x" * 53


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    authority = Authority(tmp_path)
    authority.issue("server")
    authority.issue("other")
    (tmp_path / "empty.pem").touch()
    (tmp_path / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    (tmp_path / "locked.key").write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    return authority


PAIR = "cert_file: server.pem, key_file: server.key"
REFUSED = {
    "basic_auth_user: {}": "1: unknown key 'basic_auth_user'; did you mean 'basic_auth_users'?",
    "rate_limit: {burst: 1}": "1: unknown key 'rate_limit'; known are",
    "- a": ": a web configuration is a mapping of keys",
    "basic_auth_users: {alice: secret}": "1: basic_auth_users.alice: this is no bcrypt hash; make one with: htpasswd",
    f"basic_auth_users: {{'a:b': '{HASH}'}}": "1: basic_auth_users: the name 'a:b' cannot be sent",
    "basic_auth_users: {alice: 12345}": "1: basic_auth_users",
    "tls_server_config: {}": "tls_server_config.cert_file: cert_file is missing; give a file with a certificate",
    "tls_server_config: {cert_file: server.pem}": "tls_server_config.key_file: key_file is missing",
    "tls_server_config: {cert: x}": "unknown key 'tls_server_config.cert'; did you mean 'cert_file'?",
    "tls_server_config: {cert_file: none.pem}": "none.pem cannot be read: No such file or directory",
    "tls_server_config: {cert_file: empty.pem}": "empty.pem holds no certificate in PEM form",
    "tls_server_config: {cert_file: broken.pem, key_file: server.key}": "tls_server_config.cert_file: ",
    "tls_server_config: {cert_file: server.pem, key_file: locked.key}": "locked.key has a password",
    "tls_server_config: {cert_file: server.pem, key_file: other.key}": "other.key is not the key of the certificate in",
    f"tls_server_config: {{{PAIR}, client_auth_type: Any}}": "client_auth_type is 'Any': invalid enum value",
    f"tls_server_config: {{{PAIR}, client_auth_type: RequireAnyClientCert}}": "give RequireAndVerifyClientCert",
    f"tls_server_config: {{{PAIR}, client_auth_type: VerifyClientCertIfGiven}}": "needs client_ca_file",
    f"tls_server_config: {{{PAIR}, client_ca_file: server.pem}}": "client_ca_file: nobody is asked; add client_auth",
    f"tls_server_config: {{{PAIR}, client_allowed_sans: [a]}}": "client_allowed_sans: needs client_auth_type",
    f"tls_server_config: {{{PAIR}, min_version: TLS10}}": "min_version: TLS10 is not safe any more; give TLS12 or",
    f"tls_server_config: {{{PAIR}, min_version: TLS13, max_version: TLS12}}": "max_version: TLS12 is below min_version",
    f"tls_server_config: {{{PAIR}, cipher_suites: [RC4]}}": "cipher_suites.0: unknown suite 'RC4'; known are TLS_",
    "http_server_config: {headers: {Server: x}}": "headers.Server: Server cannot be set here; known are",
    "http_server_config: {headers: {X-Frame-Options: all}}": "'all' is no value of X-Frame-Options; give deny or same",
    'http_server_config: {headers: {X-XSS-Protection: "a\\nb"}}': "cannot be sent; give plain characters in one line",
}


@pytest.mark.parametrize(("text", "why"), REFUSED.items())
def test_what_cannot_be_obeyed_is_refused_with_the_place(
    tmp_path: Path, authority: Authority, text: str, why: str
) -> None:
    assert authority.root.exists()
    file = tmp_path / "web.yml"
    file.write_text(text)
    with pytest.raises(ConfigError) as refused:
        load_web(str(file))
    said = str(refused.value)
    assert said.startswith(f"{file}:")
    assert why in said
    assert "\n" not in said
    for secret in ("secret", "12345", HASH, "BEGIN PRIVATE"):
        assert secret not in said


@pytest.mark.parametrize("text", ["", "tls_server_config:\nbasic_auth_users:\n", "http_server_config: {http2: true}"])
def test_what_asks_for_nothing_lets_everybody_in(tmp_path: Path, text: str) -> None:
    file = tmp_path / "web.yml"
    file.write_text(text)
    access = load_web(str(file))[1]
    assert (access.context, access.users, access.headers) == (None, {}, {})


def test_a_hash_is_taken_as_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "web.yml"
    file.write_text(f"basic_auth_users:\n  alice: {HASH}\n")
    options, access = load_web(str(file))
    assert access.users == {"alice": HASH}
    assert HASH not in repr(options) + repr(access)

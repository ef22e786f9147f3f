"""Any bytes as a configuration: understood, or refused in one line that names the file.

The first byte chooses: 0 is the configuration of a tailer, 1 that of its HTTP side, 2 the cases of `logship check`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from logship.config import Config, load
from logship.config.cases import run_cases
from logship.config.web import load_web
from logship.errors import LogshipError

_SAMPLES = Path(__file__).parent.parent / "config" / "testdata"
_TAILER, _WEB, _CASES = range(3)
_WEB_SEEDS = (
    b"tls_server_config: {cert_file: a.pem, key_file: a.key, client_auth_type: NoClientCert, min_version: TLS12}\n",
    b"http_server_config:\n  http2: true\n  headers: {X-Frame-Options: deny, Content-Security-Policy: none}\n",
    b"basic_auth_users:\n  prometheus: $2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n",
)
_CASES_SEED = b"""cases:
  - name: a request
    lines:
      - '{"message": "HTTP Request", "method": "GET", "route": "/a", "status": 200, "duration": 40}'
      - 'no record'
    expect: [request, {outcome: rejected, reason: invalid_json}]
    metrics: 'http_requests_total{method="GET",route="/a",status="200"} 1'
"""


def seeds() -> list[bytes]:
    """Return configurations that are good and bad."""
    tailer = [bytes([_TAILER]) + each.read_bytes() for each in sorted(_SAMPLES.glob("*.yml"))]
    return [*tailer, *(bytes([_WEB]) + each for each in _WEB_SEEDS), bytes([_CASES]) + _CASES_SEED]


def check(text: bytes) -> None:
    """Load a configuration; raise when it ends in anything else than an error for people."""
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory) / "some.yml")
        Path(path).write_bytes(text[1:])
        try:
            _read(text[0] % 3, path)
        except LogshipError as error:
            said = str(error)
            assert path in said, said
            assert len(said) < len(path) + 2000, said


def _read(kind: int, path: str) -> None:
    if kind == _TAILER:
        load(path, {})
    elif kind == _WEB:
        load_web(path)
    else:
        list(run_cases(path, Config(), {}))

"""Every host by its one line, with the real server: its own lines are in our files, and each request once."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from hosting import Records, ask, assert_gapless, gunicorn, hypercorn, records_in, served, uvicorn
from loopback import free_port

import app_logging

pytestmark = pytest.mark.integration

CONFIGS = Path(__file__).parents[2] / "configs"

STARLETTE = """
import app_logging
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def hero(request):
    app_logging.get_logger("heroes").info("hero asked for")
    return PlainTextResponse("Wonder Woman")

async def boom(request):
    raise KeyError("hero")

bare = Starlette(routes=[Route("/heroes/{id}", hero), Route("/boom", boom)])
app = app_logging.RequestLogMiddleware(bare)
"""

CONFIGURED = f"import app_logging\napp_logging.configure(service='heroes-api')\n{STARLETTE}"

RUN = """
import sys, uvicorn
uvicorn.run(app, port=int(sys.argv[1]))
"""
"""uvicorn configures its own logging in here, behind us."""

FLASK = """
import app_logging, flask, logging

bare = flask.Flask("shop")

@bare.get("/heroes/<id>")
def hero(id):
    logging.getLogger("heroes").info("hero asked for")
    return "Wonder Woman"

@bare.get("/boom")
def boom():
    raise KeyError("hero")

app = app_logging.WSGIRequestLogMiddleware(bare)
"""

DJANGO = """
import app_logging, logging
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"],
    LOGGING=app_logging.dict_config(service="heroes-api"),
    MIDDLEWARE=["app_logging.django.RequestLogMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="for tests",
)

def hero(request, id):
    logging.getLogger("heroes").info("hero asked for")
    return HttpResponse("Wonder Woman")

def boom(request):
    raise KeyError("hero")

urlpatterns = [path("heroes/<id>", hero), path("boom", boom)]

from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
app, asgi = get_wsgi_application(), get_asgi_application()
"""

PYRAMID = """
import app_logging, logging
from pyramid.config import Configurator
from pyramid.response import Response

def hero(request):
    logging.getLogger("heroes").info("hero asked for")
    return Response("Wonder Woman")

def boom(request):
    raise KeyError("hero")

with Configurator() as config:
    config.include("app_logging.pyramid")
    for name, pattern, view in (("hero", "/heroes/{id}", hero), ("boom", "boom", boom)):
        config.add_route(name, pattern)
        config.add_view(view, route_name=name)
    app = app_logging.WSGIRequestLogMiddleware(config.make_wsgi_app())
"""

CONF_PY = """
import app_logging
logconfig_dict = app_logging.dict_config(service="heroes-api")
"""


def by(records: Records, logger: str) -> Records:
    return [record for record in records if record["logger"] == logger]


def visit(port: int) -> None:
    assert ask(port, "/heroes/1?token=s3cr3t", "/heroes/2", "/nothing") == [200, 200, 404]
    assert ask(port, "/boom", X_Request_ID="r-boom") == [500]


def assert_right(
    directory: Path,
    server: str,
    *,
    service: str = "heroes-api",
    server_lines: str = "",
    failed_id: str | None = "r-boom",
) -> None:
    """Check what `visit` must have left, whatever the host."""
    records = records_in(directory)
    assert_gapless(records)
    requests = by(records, "app_logging.request")
    assert sorted((record["url"], record["status"]) for record in requests) == [
        ("/boom", 500),
        ("/heroes/1?token=[REDACTED]", 200),
        ("/heroes/2", 200),
        ("/nothing", 404),
    ]
    assert {record["service"] for record in requests} == {service}
    assert {record["ip"] for record in requests} == {"127.0.0.1"}
    lines = by(records, "heroes")
    asked = [record["request_id"] for record in requests if record["url"].startswith("/heroes")]
    assert sorted(record["request_id"] for record in lines) == sorted(asked)
    tracebacks = [record for record in records if "exception" in record]
    assert [record.get("request_id") for record in tracebacks] == [failed_id], "the line about the exception"
    assert not [record for record in records if "access" in record["logger"] or record["logger"] == "django.server"]
    if server_lines:
        assert any(server_lines in record["message"] for record in by(records, server)), by(records, server)
    assert b"s3cr3t" not in (directory / "logs" / "combined.log").read_bytes()


@pytest.fixture
def port() -> int:
    return free_port()


def test_uvicorn_with_configure_in_the_application(tmp_path: Path, port: int) -> None:
    (tmp_path / "app.py").write_text(CONFIGURED)
    with served(uvicorn("app:app", "--port", str(port)), port, tmp_path):
        visit(port)
    assert_right(tmp_path, "uvicorn.error", server_lines="Application startup complete")


def test_uvicorn_with_configure_in_the_application_and_several_workers(tmp_path: Path, port: int) -> None:
    (tmp_path / "app.py").write_text(CONFIGURED)
    with served(uvicorn("app:app", "--port", str(port), "--workers", "2"), port, tmp_path):
        visit(port)
    assert_right(tmp_path, "uvicorn.error", server_lines="Application startup complete")
    assert "GET" not in (tmp_path / "talk").read_text(), "no access line went elsewhere"


def test_uvicorn_run_behind_configure(tmp_path: Path, port: int) -> None:
    (tmp_path / "app.py").write_text(CONFIGURED + RUN)
    with served([sys.executable, "app.py", str(port)], port, tmp_path):
        visit(port)
    assert_right(tmp_path, "uvicorn.error", server_lines="Application startup complete")
    assert "GET" not in (tmp_path / "talk").read_text(), "no access line went elsewhere"


def test_uvicorn_run_with_django(tmp_path: Path, port: int) -> None:
    (tmp_path / "project.py").write_text(DJANGO + RUN.replace("app,", "asgi, lifespan='off',"))
    with served([sys.executable, "project.py", str(port)], port, tmp_path):
        visit(port)
    assert_right(tmp_path, "uvicorn.error", server_lines="Shutting down")
    assert "GET" not in (tmp_path / "talk").read_text(), "no access line went elsewhere"


@pytest.mark.parametrize("workers", ["0", "2"])
def test_hypercorn(tmp_path: Path, port: int, workers: str) -> None:
    (tmp_path / "app.py").write_text(CONFIGURED)
    arguments = ["app:app", "-b", f"127.0.0.1:{port}", "-w", workers, "--access-logfile", "-"]
    with served(hypercorn(*arguments), port, tmp_path):
        visit(port)
    assert_right(tmp_path, "hypercorn.error")
    assert "GET" not in (tmp_path / "talk").read_text(), "no access line went elsewhere"


def test_uvicorn_with_the_yaml_file(tmp_path: Path, port: int) -> None:
    (tmp_path / "app.py").write_text(STARLETTE)
    shutil.copy(CONFIGS / "logging.yml", tmp_path)
    with served(uvicorn("app:app", "--port", str(port), "--log-config", "logging.yml"), port, tmp_path):
        visit(port)
    assert_right(tmp_path, "uvicorn.error", server_lines="Started server process")


def test_uvicorn_with_several_workers_and_a_json_file(tmp_path: Path, port: int) -> None:
    (tmp_path / "app.py").write_text(STARLETTE)
    (tmp_path / "logging.json").write_text(json.dumps(app_logging.dict_config(service="heroes-api")))
    arguments = ["app:app", "--port", str(port), "--workers", "2", "--log-config", "logging.json"]
    with served(uvicorn(*arguments), port, tmp_path):
        visit(port)
    assert_right(tmp_path, "uvicorn.error", server_lines="Started parent process")


def test_uvicorn_without_a_middleware_keeps_its_access_lines(tmp_path: Path, port: int) -> None:
    (tmp_path / "app.py").write_text(STARLETTE.replace("app = ", "unused = lambda: "))
    shutil.copy(CONFIGS / "logging.yml", tmp_path)
    with served(uvicorn("app:bare", "--port", str(port), "--log-config", "logging.yml"), port, tmp_path):
        assert ask(port, "/heroes/1") == [200]
    (line,) = by(records_in(tmp_path), "uvicorn.access")
    assert '"GET /heroes/1 HTTP/1.1" 200' in line["message"]


def test_gunicorn_with_the_logger_class(tmp_path: Path, port: int) -> None:
    (tmp_path / "app.py").write_text(FLASK)
    arguments = ["app:app", "-b", f"127.0.0.1:{port}", "-w", "2", "--logger-class", "app_logging.gunicorn.Logger"]
    with served(gunicorn(*arguments, "--access-logfile", "-"), port, tmp_path, SERVICE_NAME="heroes-api"):
        visit(port)
    assert_right(tmp_path, "gunicorn.error", server_lines="Listening at")
    assert (tmp_path / "talk").read_text() == ""


def test_gunicorn_with_the_logger_class_and_no_middleware_keeps_its_access_lines(tmp_path: Path, port: int) -> None:
    (tmp_path / "app.py").write_text(FLASK.replace("app = ", "unused = lambda: "))
    arguments = ["app:bare", "-b", f"127.0.0.1:{port}", "--logger-class", "app_logging.gunicorn.Logger"]
    with served(gunicorn(*arguments, "--access-logfile", "-"), port, tmp_path):
        assert ask(port, "/heroes/1") == [200]
    (line,) = by(records_in(tmp_path), "gunicorn.access")
    assert '"GET /heroes/1 HTTP/1.1" 200' in line["message"]


@pytest.mark.parametrize("worker", [["-w", "2"], ["-w", "2", "-k", "gthread", "--threads", "4"]])
def test_gunicorn_with_the_dict_and_a_preloaded_application(tmp_path: Path, port: int, worker: list[str]) -> None:
    (tmp_path / "app.py").write_text(FLASK)
    (tmp_path / "gunicorn.conf.py").write_text(CONF_PY)
    with served(gunicorn("app:app", "-b", f"127.0.0.1:{port}", "--preload", *worker), port, tmp_path):
        visit(port)
    assert_right(tmp_path, "gunicorn.error", server_lines="Booting worker")


def test_pyramid_under_gunicorn(tmp_path: Path, port: int) -> None:
    (tmp_path / "app.py").write_text(PYRAMID)
    (tmp_path / "gunicorn.conf.py").write_text(CONF_PY)
    with served(gunicorn("app:app", "-b", f"127.0.0.1:{port}", "-w", "2"), port, tmp_path):
        visit(port)
    # Pyramid leaves the exception to the server, which writes about it in a thread that serves others next.
    assert_right(tmp_path, "gunicorn.error", server_lines="Booting worker", failed_id=None)
    requests = by(records_in(tmp_path), "app_logging.request")
    assert {record["url"][:7]: record.get("route") for record in requests} == {
        "/heroes": "/heroes/{id}",
        "/boom": "/boom",
        "/nothin": None,
    }


def test_django_under_gunicorn(tmp_path: Path, port: int) -> None:
    (tmp_path / "project.py").write_text(DJANGO)
    with served(gunicorn("project:app", "-b", f"127.0.0.1:{port}", "-w", "2"), port, tmp_path):
        visit(port)
    assert_right(tmp_path, "gunicorn.error")


def test_django_under_uvicorn(tmp_path: Path, port: int) -> None:
    (tmp_path / "project.py").write_text(DJANGO)
    with served(uvicorn("project:asgi", "--port", str(port), "--lifespan", "off"), port, tmp_path):
        visit(port)
    assert_right(tmp_path, "uvicorn.error")

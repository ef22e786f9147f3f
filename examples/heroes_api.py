"""A sample API, "Heroes in Waiting", that logs through app_logging: slow, lively and sometimes broken.

    python examples/heroes_api.py --port 0 --log-dir logs --seed 7

It prints `{"url": "http://127.0.0.1:PORT"}` when it listens, and stops on SIGTERM or Ctrl-C.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import sys
from collections.abc import Awaitable, Callable

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import app_logging
from app_logging import health

Endpoint = Callable[[Request], Awaitable[Response]]

HEROES = ("batgirl", "black-panther", "ms-marvel", "spider-man", "storm", "wonder-woman")
LAST_STUDENT = 500
log = app_logging.get_logger("heroes")


class DatabaseError(Exception):
    """What the database of this sample raises now and then."""


class HeroesApi:
    """The endpoints, and the dice that decide how each request goes."""

    def __init__(self, checks: health.HealthChecks, seed: int | None = None) -> None:
        self._checks = checks
        self._dice = random.Random(seed)

    def routes(self) -> list[Route]:
        """Return the routes of the application."""
        return [
            Route("/api/heroes", self.list_heroes),
            Route("/api/heroes/{slug}", self.show_hero),
            Route("/api/students", self.list_students, methods=["GET"]),
            Route("/api/students", self.add_student, methods=["POST"]),
            Route("/api/students/{id:int}", self.show_student, methods=["GET"]),
            Route("/api/students/{id:int}", self.change_student, methods=["PATCH"]),
            Route("/api/students/{id:int}", self.remove_student, methods=["DELETE"]),
            Route("/api/auth/login", self.log_in, methods=["POST"]),
            Route("/api/reports/{year}/{month}", self.report),
            Route("/health", health.HealthEndpoint(self._checks)),
            Route("/live", self.live),
        ]

    async def list_heroes(self, _request: Request) -> Response:
        """Answer fast, fail rarely."""
        await self._query("select heroes", typical_seconds=0.02)
        return JSONResponse(list(HEROES))

    async def show_hero(self, request: Request) -> Response:
        """Know some heroes."""
        await self._query("select hero", typical_seconds=0.015)
        slug = request.path_params["slug"]
        if slug not in HEROES:
            raise HTTPException(404)
        return JSONResponse({"slug": slug})

    async def list_students(self, _request: Request) -> Response:
        """Answer with a few students, sometimes overloaded."""
        if self._dice.random() < 0.02:  # noqa: PLR2004 - a share, as all such numbers here
            log.warning("too many waiting queries", waiting=self._dice.randint(50, 200))
            return JSONResponse({"error": "try again"}, status_code=503, headers={"retry-after": "1"})
        await self._query("select students", typical_seconds=0.06)
        return JSONResponse([{"id": number} for number in range(1, 21)])

    async def add_student(self, _request: Request) -> Response:
        """Take a student, slower than reading one."""
        await self._query("insert student", typical_seconds=0.08)
        student = self._dice.randint(1, LAST_STUDENT)
        log.info("student added", student=student)
        return JSONResponse({"id": student}, status_code=201)

    async def show_student(self, request: Request) -> Response:
        """Know the first students."""
        await self._query("select student", typical_seconds=0.02)
        return JSONResponse({"id": _known(request)})

    async def change_student(self, request: Request) -> Response:
        """Change a student."""
        await self._query("update student", typical_seconds=0.07)
        return JSONResponse({"id": _known(request)})

    async def remove_student(self, request: Request) -> Response:
        """Remove a student."""
        await self._query("delete student", typical_seconds=0.05)
        _known(request)
        return Response(status_code=204)

    async def log_in(self, _request: Request) -> Response:
        """Check a password, which takes its time by design, and refuse every fourth."""
        await self._pause(0.12)
        if self._dice.random() < 0.25:  # noqa: PLR2004
            log.warning("login refused", reason=self._dice.choice(["password", "unknown", "locked"]))
            return JSONResponse({"error": "wrong credentials"}, status_code=401)
        return JSONResponse({"token": f"{self._dice.getrandbits(64):x}"})

    async def report(self, request: Request) -> Response:
        """Calculate for 0.2 to 2.5 seconds."""
        seconds = min(0.2 + self._dice.expovariate(1 / 0.5), 2.5)
        await asyncio.sleep(seconds)
        if seconds > 2:  # noqa: PLR2004
            log.warning("report was slow", seconds=round(seconds, 3))
        return JSONResponse({"report": f"{request.path_params['year']}-{request.path_params['month']}"})

    async def live(self, _request: Request) -> Response:
        """Say that the process answers, and no more: a restart cures no database."""
        return Response(status_code=204)

    async def _query(self, statement: str, typical_seconds: float) -> None:
        await self._pause(typical_seconds)
        try:
            self._reach_database()
        except DatabaseError:
            log.exception("database failed", statement=statement)
            raise

    def _reach_database(self) -> None:
        if self._dice.random() < 0.015:  # noqa: PLR2004
            raise DatabaseError("connection reset by peer")

    async def _pause(self, typical_seconds: float) -> None:
        # Log-normal: most answers are near the typical one, some take many times longer, as in real life.
        await asyncio.sleep(min(self._dice.lognormvariate(0, 0.7) * typical_seconds, 5))


def _known(request: Request) -> int:
    student: int = request.path_params["id"]
    if student > LAST_STUDENT:
        raise HTTPException(404)
    return student


def create_app(seed: int | None = None, log_dir: str = "logs") -> Starlette:
    """Return the application; its dice fall the same for the same seed and order of requests."""
    checks = health.HealthChecks(health.memory(), health.disk(log_dir, essential=False))
    return Starlette(routes=HeroesApi(checks, seed).routes(), middleware=[Middleware(app_logging.RequestLogMiddleware)])


class Server(uvicorn.Server):
    """uvicorn, telling its address when it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Bind, then print where."""
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        print(json.dumps({"url": f"http://{host}:{port}"}), flush=True)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description="A sample API that logs through app_logging.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    parser.add_argument("--log-dir", help="default: $LOG_DIR, else logs")
    parser.add_argument("--seed", type=int, help="makes the dice fall the same way each time")
    options = parser.parse_args()
    log_dir = options.log_dir or os.environ.get("LOG_DIR", "logs")
    app_logging.configure(service="heroes-api", log_dir=log_dir)
    # log_config=None: uvicorn must not put its own handlers back.
    config = uvicorn.Config(create_app(options.seed, log_dir), host=options.host, port=options.port, log_config=None)
    # uvicorn stops gracefully on these signals and then raises them again: for a sample, that is a good end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    Server(config).run()


if __name__ == "__main__":
    main()

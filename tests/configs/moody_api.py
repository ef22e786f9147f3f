"""An API with moods, which it reads from a file: `fine`, `bad` (slow failures) or `silent` (nobody asks for anything).

    python moody_api.py LOG_DIRECTORY MOOD_FILE

It asks itself, logs through app_logging, and ends on SIGTERM.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import app_logging

PAUSE_SECONDS = 0.05
SLOW_SECONDS = 2.1
"""Over the limit of HighResponseTime."""


class MoodyApi:
    """Answers according to its mood, until it is told to stop."""

    def __init__(self, mood: Path) -> None:
        self._mood = mood
        self._stop = asyncio.Event()
        self.routes = [Route("/api/heroes", self.answer)]

    async def answer(self, _request: Request) -> Response:
        if self._mood.read_text() != "bad":
            return Response()
        await self._pause(SLOW_SECONDS)
        return Response(status_code=503)

    async def ask_itself(self, client: httpx.AsyncClient) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._stop.set)
        async with asyncio.TaskGroup() as requests:
            while not self._stop.is_set():
                if self._mood.read_text() != "silent":
                    requests.create_task(client.get("/api/heroes"))
                await self._pause(PAUSE_SECONDS)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)


async def main(logs: Path, mood: Path) -> None:
    app_logging.configure(service="heroes-api", log_dir=logs)
    api = MoodyApi(mood)
    app = app_logging.RequestLogMiddleware(Starlette(routes=api.routes))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://heroes") as client:
        await api.ask_itself(client)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))

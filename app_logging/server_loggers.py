"""The loggers of web servers that come with handlers of their own, and what becomes of them: data, and one claim."""

from __future__ import annotations

LED_TO_ROOT = (
    "uvicorn",
    "uvicorn.error",
    "uvicorn.asgi",
    "gunicorn.error",
    "hypercorn.error",
    "django",
)
"""Their handlers for streams are taken away, so that their records reach the root and stand in the files once."""

ACCESS = ("uvicorn.access", "gunicorn.access", "hypercorn.access", "django.server")
"""One line per request: led to the root as well, or silent where a middleware writes a better record of each."""

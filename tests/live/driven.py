"""A tailer that is built but never runs: driven by its drains, scraped from its view, ended at last."""

from __future__ import annotations

from logship.expose import Renderer
from logship.live import Tailer


class NoWaker:
    """Never waits: the sidecar is driven by its drains."""

    def wait(self, timeout_seconds: float) -> None:
        raise AssertionError(f"waited for {timeout_seconds} s")

    def wake(self) -> None:
        pass


def scrape(tailer: Tailer, *, openmetrics: bool = False) -> str:
    """Return the metrics of what is published."""
    return Renderer(lambda: tailer.sidecar.view).render(openmetrics=openmetrics).decode()


def end(tailer: Tailer) -> None:
    """Stop a tailer that never ran; its watch holds what only a stop gives back."""
    tailer.watch.start()
    tailer.watch.stop()
    tailer.sidecar.stop()
    tailer.sidecar.run()
    tailer.server._socket.close()

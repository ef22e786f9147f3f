"""What a run of health checks found: frozen values, and their one form as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import orjson

Status = Literal["healthy", "unhealthy"]
Overall = Literal["healthy", "degraded", "unhealthy"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found.

    Attributes:
        name: Of the check.
        status: Whether it passed.
        seconds: How long it took, or how long it has been waited for.
        detail: What it said, or why it failed, without secrets; "" when there is nothing to say.
        essential: Whether the application cannot do its work without it.
    """

    name: str
    status: Status
    seconds: float
    detail: str = ""
    essential: bool = True

    def as_dict(self, *, details: bool = True) -> dict[str, Any]:
        """Return it as it stands in the record and in answers, `duration` in milliseconds; absent is what is usual."""
        found: dict[str, Any] = {
            "name": self.name,
            "status": self.status,
            "duration": round(self.seconds * 1000, 3),
        }
        if not self.essential:
            found["essential"] = False
        if self.detail and details:
            found["detail"] = self.detail
        return found


@dataclass(frozen=True, slots=True)
class Report:
    """What one run of all checks found, in the order in which they were given."""

    results: tuple[CheckResult, ...]

    @property
    def status(self) -> Overall:
        """Unhealthy if an essential check failed, degraded if another one did, else healthy."""
        failed = [result for result in self.results if result.status == "unhealthy"]
        if any(result.essential for result in failed):
            return "unhealthy"
        return "degraded" if failed else "healthy"

    @property
    def is_healthy(self) -> bool:
        """Whether the application can do its work: healthy or degraded."""
        return self.status != "unhealthy"

    @property
    def http_status(self) -> int:
        """What a probe is answered: 200 or 503."""
        return 200 if self.is_healthy else 503

    def as_dict(self, *, details: bool = True) -> dict[str, Any]:
        """Return it as plain values."""
        return {"status": self.status, "checks": [result.as_dict(details=details) for result in self.results]}

    def as_json(self, *, details: bool = True) -> bytes:
        """Return it as JSON on one line, without the details if they are for other eyes."""
        return orjson.dumps(self.as_dict(details=details))

"""Any bytes as a stream of a container runtime: however it is divided, the same lines of the application (P5).

The first byte chooses the runtime, the second the size of the blocks, the third how long a line may be.
"""

from __future__ import annotations

from collections import Counter

from logship.model import Reason
from logship.parse import UNWRAPS
from logship.read import Lines, cutter_for

_WRAPS = tuple(UNWRAPS)
_HEAD = 3
_SHORTEST_LIMIT = 64


def seeds() -> list[bytes]:
    """Return streams with whole lines, lines in parts, and both streams mixed."""
    docker = (
        b'{"log":"whole\\n","stream":"stdout","time":"2026-11-23T07:00:00Z"}\n'
        b'{"log":"first ","stream":"stdout","time":"2026-11-23T07:00:00Z"}\n'
        b'{"log":"other\\n","stream":"stderr","time":"2026-11-23T07:00:00Z"}\n'
        b'{"log":"second\\\\n\\n","stream":"stdout","attrs":{"a":"b"},"time":"2026-11-23T07:00:00Z"}\n'
    )
    cri = (
        b"2026-11-23T07:00:00Z stdout F whole\n"
        b"2026-11-23T07:00:00Z stdout P first \n"
        b"2026-11-23T07:00:00Z stderr F other\n"
        b"2026-11-23T07:00:00Z stdout F\n"
        b"\0\0not of the runtime\n"
    )
    texts = {"docker": docker, "cri": cri}
    return [bytes([number, size, 0]) + texts[wrap] for number, wrap in enumerate(_WRAPS) for size in (1, 40, 255)]


def check(text: bytes) -> None:
    """Cut a stream in blocks and in one, and unwrap what comes out; raise where the two differ."""
    head, stream = text[:_HEAD].ljust(_HEAD, b"\0"), text[_HEAD:]
    wrap, size, limit = _WRAPS[head[0] % len(_WRAPS)], head[1] + 1, _SHORTEST_LIMIT + 16 * head[2]
    if _is_no_runtimes(stream):
        return
    whole = _cut(wrap, [stream], limit)
    divided = _cut(wrap, [stream[at : at + size] for at in range(0, len(stream), size)], limit)
    assert _joined(divided) == _joined(whole)
    unwrapped, in_runs = (_unwrapped(wrap, each) for each in (whole, divided))
    assert in_runs == unwrapped


def _is_no_runtimes(stream: bytes) -> bool:
    """Return whether one line has the marks of several records and another has none: they pass for whole."""
    marks = {line.count(b'","stream"') for line in stream.split(b"\n") if line.strip(b"\0")}
    return min(marks, default=0) == 0 and max(marks, default=0) > 1


def _cut(wrap: str, blocks: list[bytes], limit: int) -> list[Lines]:
    cutter = cutter_for(wrap, limit)
    found = [*map(cutter.feed, blocks), cutter.flush()]
    assert all(lines.data.endswith(b"\n") for lines in found if lines.data)
    return found


def _joined(found: list[Lines]) -> tuple[bytes, int]:
    """Return the lines of the runtime without holes, and how many were too long."""
    return b"".join(lines.data for lines in found).replace(b"\0", b""), sum(lines.oversize for lines in found)


def _unwrapped(wrap: str, found: list[Lines]) -> tuple[bytes, Counter[Reason]]:
    """Return the lines of the application, and what was refused by reason."""
    runs = [UNWRAPS[wrap](lines.data) for lines in found if lines.data]
    return b"".join(each.lines for each in runs), sum((each.rejected for each in runs), Counter[Reason]())

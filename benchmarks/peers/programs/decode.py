"""The limit in Python: decode the same fields with msgspec and count the requests. Arguments: log."""

import sys
from pathlib import Path

import msgspec


class Record(msgspec.Struct, gc=False):
    """The fields that counting needs."""

    message: str | None = None
    level: str | None = None
    method: str | None = None
    url: str | None = None
    route: str | None = None
    status: int | None = None
    duration: float | None = None


decode = msgspec.json.Decoder(Record).decode_lines
count, rest = 0, b""
with Path(sys.argv[1]).open("rb", buffering=0) as log:
    while block := log.read(1 << 16):
        head, newline, tail = block.rpartition(b"\n")
        if newline:
            count += sum([record.message == "HTTP Request" for record in decode(rest + head)])
            rest = tail
        else:
            rest += tail
print(count)

"""Keep secrets out of what is shown: the values of query parameters, and passwords in urls."""

from __future__ import annotations

import re

MASK = "***"

_USER = re.compile(r"(?<=://)[^/?#\s]*@")
_PARAMETERS = re.compile(r"[?#].*", re.DOTALL)
_PARAMETER = re.compile(r"([?&;#])([^=&;#]*=)?+[^&;#]+")


def masked(text: str) -> str:
    """Return `text` with the names of query parameters, but not their values."""
    return _PARAMETERS.sub(lambda query: _PARAMETER.sub(_masked, query[0]), _USER.sub(f"{MASK}@", text))


def _masked(parameter: re.Match[str]) -> str:
    return f"{parameter[1]}{parameter[2] or ''}{MASK}"

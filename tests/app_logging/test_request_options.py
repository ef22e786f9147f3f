from __future__ import annotations

import inspect
import re
from pathlib import Path

from app_logging.request_options import PROBES, SLOW_SECONDS, RequestOptions
from app_logging.request_record import RequestLog

DOCS = (Path(__file__).parents[2] / "docs" / "app-logging.md").read_text()
SECTION = DOCS[DOCS.index("## Requests") : DOCS.index("## Hosts")]


def test_every_option_is_one_of_the_keyword_arguments_of_a_middleware() -> None:
    parameters = inspect.signature(RequestLog.__init__).parameters
    keywords = [name for name, parameter in parameters.items() if parameter.kind is parameter.KEYWORD_ONLY]
    assert keywords == list(RequestOptions.__annotations__)


def test_every_option_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|([^|]*)\|", SECTION, flags=re.MULTILINE))
    assert list(rows) == list(RequestOptions.__annotations__)
    assert set(rows["exclude"].strip("` ").split()) == PROBES
    assert float(rows["slow_seconds"]) == SLOW_SECONDS

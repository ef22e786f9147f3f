from __future__ import annotations

import pytest

from app_logging.redact import SECRET_PARAMETERS, redact_query


@pytest.mark.parametrize("name", sorted(SECRET_PARAMETERS))
def test_the_value_of_a_secret_parameter_is_gone(name: str) -> None:
    assert redact_query(f"a=1&{name}=s3cr3t&b=2") == f"a=1&{name}=[REDACTED]&b=2"


@pytest.mark.parametrize("name", ["TOKEN", "%74oken", "X-Amz-Signature", "+token"])
def test_however_the_name_is_written(name: str) -> None:
    assert redact_query(f"{name}=s3cr3t") == f"{name}=[REDACTED]"


@pytest.mark.parametrize("query", ["", "x=1", "token_count=3", "author=me", "token", "a=b=c&&=d"])
def test_everything_else_stays(query: str) -> None:
    assert redact_query(query) == query

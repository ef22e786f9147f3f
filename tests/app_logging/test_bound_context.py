from __future__ import annotations

import asyncio
import threading
from typing import Any

from structlog.contextvars import bind_contextvars

from app_logging import bind_context, clear_context
from app_logging.context import enter_context, leave_context, merge_context


def merged(**fields: Any) -> dict[str, Any]:
    merge_context(fields)
    return fields


def test_what_is_bound_is_added_in_the_order_of_binding() -> None:
    bind_context(b=1)
    bind_context(a=2)
    assert list(merged(own=0).items()) == [("own", 0), ("b", 1), ("a", 2)]


def test_clearing_forgets_everything() -> None:
    bind_context(a=1)
    bind_contextvars(b=2)
    clear_context()
    assert merged() == {}


def test_what_structlog_binds_is_added_as_well() -> None:
    bind_contextvars(b=2)
    assert merged() == {"b": 2}


def test_leaving_puts_back_what_was_bound_before() -> None:
    bind_context(a=1)
    token = enter_context({"a": 2, "b": 3})
    assert merged() == {"a": 2, "b": 3}
    leave_context(token)
    assert merged() == {"a": 1}


def test_a_task_does_not_see_what_its_sibling_binds() -> None:
    async def bind_and_look(name: str) -> dict[str, Any]:
        bind_context(task=name)
        await asyncio.sleep(0)
        return merged()

    async def both() -> list[dict[str, Any]]:
        return list(await asyncio.gather(bind_and_look("one"), bind_and_look("two")))

    assert asyncio.run(both()) == [{"task": "one"}, {"task": "two"}]


def test_a_thread_starts_with_nothing_bound() -> None:
    bind_context(a=1)
    seen: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: seen.append(merged()), name="looker")
    thread.start()
    thread.join()
    assert seen == [{}]

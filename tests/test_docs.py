"""The documents say what the code does: every metric, outcome, option and command appears, and no other."""

from __future__ import annotations

import re
import time
from pathlib import Path

import click
import pytest

import app_logging
from logship.cli.main import cli
from logship.config import Config, load
from logship.expose import Standing, StandingCollector, TallyCollector
from logship.measure import DEFAULT_BUCKETS, Tally, Verdict, Word, Writer
from logship.model import Reason
from logship.parse import FORMAT_NAMES, FORMATS, UNWRAPS, Format, durations

ROOT = Path(__file__).parent.parent
METRICS = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("configs/**/*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")


def metric_names() -> set[str]:
    tally = Tally(last_event=0.0, writers={"b": Writer(((1, 1),), None, Word(1, 1))})
    tally.checks["database"] = Verdict(time.time(), is_healthy=True)
    families = [
        *TallyCollector(lambda: tally, DEFAULT_BUCKETS).collect(),
        *StandingCollector(lambda: Standing(saved_at=0.0)).collect(),
    ]
    return {family.name + ("_total" if family.type == "counter" else "") for family in families}


def test_every_metric_is_documented_and_every_documented_one_exists() -> None:
    documented = set(re.findall(r"^\| `((?:http|log|logship|active|health)_[a-z_]+)` \|", METRICS, re.MULTILINE))
    assert documented == metric_names()


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_for_a_rejection_is_documented(reason: Reason) -> None:
    assert f"`{reason}`" in METRICS


def test_the_annotated_configuration_shows_the_defaults() -> None:
    assert load(str(ROOT / "configs/logship.yml")) == Config()


def test_every_command_is_in_the_readme_or_the_documents() -> None:
    documents = README + "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))
    commands = cli.list_commands(click.Context(cli))
    missing = [name for name in commands if f"logship {name}" not in documents]
    assert not missing


@pytest.mark.parametrize("fmt", FORMATS, ids=FORMAT_NAMES)
def test_every_format_is_documented_as_the_table_has_it(fmt: Format) -> None:
    by_itself = "yes" if fmt.signature is not None else "no"
    row = f"| `{fmt.name}` | {fmt.summary} | {durations(fmt.mapping)} | {by_itself} |"
    assert row in (ROOT / "docs/formats.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("wrap", UNWRAPS)
def test_every_wrapping_is_documented(wrap: str) -> None:
    assert f"| `{wrap}` |" in (ROOT / "docs/formats.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_local_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^):]+)\)", document.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        path = document.parent / name if name else document
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


def anchors(document: Path) -> set[str]:
    """Return where a link into a document may lead: the anchors that forges make of its headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_the_field_table_of_app_logging_is_the_documented_one() -> None:
    text = (ROOT / "docs/app-logging.md").read_text(encoding="utf-8")
    for field in app_logging.FIELDS:
        assert f"| `{field.name}` | {field.type} | {field.presence} | {field.meaning} |" in text

"""The documentation builds as a site without a complaint, and its pages ask nobody but their own server."""

from __future__ import annotations

import http.server
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from loopback import Quiet, answering
from playwright.sync_api import Page, expect

ROOT = Path(__file__).parents[2]
LOADED = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?(?P<src>[^\"\s>]+)|<link\b[^>]*\bhref=\"?([^\"\s>]+)"
)

pytestmark = pytest.mark.integration


class Files(Quiet, http.server.SimpleHTTPRequestHandler):
    """Serves files."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site, built so that a warning is an error."""
    directory = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(directory)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr  # not with --quiet: that hides warnings from --strict, too
    return directory


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    with answering(partial(Files, directory=str(site))) as url:
        yield url


def test_every_document_is_a_page(site: Path) -> None:
    documents = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    assert not [path for path in documents if not (site / path).exists()]


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    loaded = {
        found[1] or found[2]
        for path in site.rglob("*.html")
        for found in LOADED.finditer(path.read_text(encoding="utf-8"))
    }
    assert loaded
    assert not [each for each in loaded if re.match(r"(?:https?:)?//", each)]
    sheets = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]
    assert not [sheet for sheet in sheets if re.search(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", sheet)]


def test_no_secret_is_copied_into_the_site(site: Path) -> None:
    assert (site / "files/configs/compose/docker-compose.yml").exists()
    assert not [path for path in site.rglob("*") if "secrets" in path.relative_to(site).parts]


def test_a_browser_reads_it_follows_links_out_of_docs_and_searches(page: Page, address: str) -> None:
    page.goto(f"{address}/index.html")
    page.get_by_role("link", name="In Prometheus").first.click()
    expect(page.get_by_role("heading", name="In Prometheus")).to_be_visible()
    page.goto(f"{address}/configuration.html")
    with page.expect_response(lambda answer: answer.url.endswith("configs/logship.yml")) as followed:
        page.evaluate("fetch(document.querySelector('article a[href$=\"logship.yml\"]').href)")
    assert followed.value.status == 200
    page.goto(f"{address}/index.html?q=copytruncate")
    expect(page.locator(".md-search-result__list")).to_contain_text("copytruncate", ignore_case=True)

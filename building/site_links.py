"""A hook of MkDocs: documents link to files of the repository, and the site brings those files with it.

In comes a link as it works where the repository is read, such as `../configs/systemd`; out goes one that works on the
site. A file is copied, a directory becomes a page that lists its files. What leads nowhere fails a strict build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")
COPIED = "files"
"""Where the site keeps what stands outside of `docs`."""


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the files and lists of directories that documents link to."""
    documents = Path(config.docs_dir)
    unread = list(files.documentation_pages())
    while unread:
        for target in _targets(unread.pop(), documents):
            for wanted in _brought(documents, target, config):
                if files.get_file_from_path(wanted.src_uri) is None:
                    files.append(wanted)
                    unread += [wanted] if wanted.is_documentation_page() else []
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point the links of a page to where the site has what they mean."""
    here = PurePosixPath(page.file.src_uri).parent
    documents = Path(config.docs_dir)

    def moved(link: re.Match[str]) -> str:
        target = _target(page.file, link[1])
        place = _place(documents, target)
        return relpath(place, here) if files.get_file_from_path(place) else link[1]

    return LINK.sub(moved, markdown)


def _targets(file: File, documents: Path) -> Iterator[str]:
    """Yield what a document links to and is no document itself, as a path that is relative to `docs`."""
    for link in LINK.findall(file.content_string):
        target = _target(file, link)
        path = documents / target
        if path.exists() and (target.startswith("../") or path.is_dir()):
            yield target


def _target(file: File, link: str) -> str:
    """Return what a link of a document means, relative to `docs`, wherever the site has the document."""
    origin = file.src_uri
    if origin.startswith(f"{COPIED}/"):
        origin = f"../{origin.removeprefix(f'{COPIED}/')}"
    return normpath(str(PurePosixPath(origin).parent / link)).removeprefix("../docs/")


def _place(documents: Path, target: str) -> str:
    """Return where the site has a target."""
    inside = f"{COPIED}/{target.removeprefix('../')}" if target.startswith("../") else target
    path = documents / target
    if not path.is_dir():
        return inside
    return f"{inside}/README.md" if (path / "README.md").exists() else f"{inside}/index.md"


def _brought(documents: Path, target: str, config: MkDocsConfig) -> Iterator[File]:
    """Yield what a target needs on the site: a copy, or a list with copies of what it names."""
    path, place = documents / target, _place(documents, target)
    if not path.is_dir():
        yield _copy(path.resolve(), place, config)
        return
    listed = sorted(each for each in path.rglob("*") if each.is_file() and _is_shown(each, path))
    if place.endswith("/index.md"):
        yield File.generated(config, place, content=_list(path, listed), inclusion=InclusionLevel.NOT_IN_NAV)
    if target.startswith("../"):
        for each in listed:
            yield _copy(each.resolve(), f"{PurePosixPath(place).parent}/{each.relative_to(path)}", config)


def _copy(path: Path, place: str, config: MkDocsConfig) -> File:
    return File.generated(config, place, abs_src_path=str(path), inclusion=InclusionLevel.NOT_IN_NAV)


def _is_shown(path: Path, directory: Path) -> bool:
    """Return whether a file is for readers: nothing hidden, and no secrets that somebody made there."""
    parts = path.relative_to(directory).parts
    return "secrets" not in parts and "__pycache__" not in parts and not any(part.startswith(".") for part in parts)


def _list(directory: Path, files: list[Path]) -> str:
    root = directory.resolve()
    names = [str(path.relative_to(directory)) for path in files]
    rows = [f"- [{name.removesuffix('.md')}]({name})" for name in names]
    return "\n".join(
        [f"# {root.name.capitalize()}", "", f"The files of `{root.parent.name}/{root.name}`:", "", *rows, ""]
    )

"""Puts the pages of the site into a folder, where the generator builds it: `python scripts/site/stage.py FOLDER`.

The pages are those of docs/, some files from elsewhere in the repository, and generated ones.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from api_pages import api_pages
from command_pages import command_pages
from figures import with_figures
from generated import Generated
from glossary import glossary
from links import PAGES, REPOSITORY, site_links
from notebooks import notebook_page

ROOT = Path(__file__).parent.parent.parent
_GENERATED = {"commands/": command_pages, "api/": api_pages}
"""Pages by the place in the navigation that they fill."""


def stage(folder: Path) -> None:
    """Write the configuration with the whole navigation, and all pages; raises `LookupError` for a dead link."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder / "docs")
    texts = {path: _text(ROOT / origin) for origin, path in PAGES.items()}
    texts |= {page.path: page.text for pages in _GENERATED.values() for page in pages()}
    texts["reference/glossary.md"] = glossary(ROOT / "CONTRIBUTING.md")
    for path in (ROOT / "docs").rglob("*.md"):
        texts[path.relative_to(ROOT / "docs").as_posix()] = path.read_text(encoding="utf-8")
    config = navigated((ROOT / "mkdocs.yml").read_text(encoding="utf-8")).replace("REPOSITORY", REPOSITORY)
    for page, text in texts.items():
        if not re.search(rf"[-:] {re.escape(page)}$", config, re.MULTILINE):
            raise LookupError(f"{page} has no place in the navigation of mkdocs.yml")
        target = folder / "docs" / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(with_bars(site_links(with_figures(text), page, ROOT)), encoding="utf-8")
    (folder / "mkdocs.yml").write_text(config, encoding="utf-8")


def _text(path: Path) -> str:
    return notebook_page(path) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")


def with_bars(markdown: str) -> str:
    """The text without backslashes before bars in the code of tables: GitHub needs them, and the generator shows them.

    >>> with_bars("| `a\\\\|b` | c\\\\|d |")
    '| `a|b` | c\\\\|d |'
    """

    def row(line: re.Match[str]) -> str:
        return re.sub(r"`[^`]+`", lambda code: code[0].replace("\\|", "|"), line[0])

    return re.sub(r"^\|.*$", row, markdown, flags=re.MULTILINE)


def navigated(config: str) -> str:
    """The configuration with the generated pages where its navigation names their folder."""

    def filled(line: re.Match[str]) -> str:
        pages = _GENERATED[line[3]]()
        return "\n".join([f"{line[1]}- {line[2]}:", *(f"{line[1]}    - {_entry(page)}" for page in pages)])

    return re.sub(r"^( +)- (.+): (\w+/)$", filled, config, flags=re.MULTILINE)


def _entry(page: Generated) -> str:
    return page.path if page.path.endswith("index.md") else f"{page.title}: {page.path}"


if __name__ == "__main__":
    stage(Path(sys.argv[1]))

"""Links that hold in the repository, as links that hold on the site."""

from __future__ import annotations

import posixpath
import re
import tomllib
from pathlib import Path

_PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY: str = _PROJECT["urls"]["Source"]

_LINK = re.compile(r"(\]\()([^)\s#]+)(#[^)\s]*)?(\))")
_CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)

PAGES = {
    "benchmarks/README.md": "results.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "examples/notebooks/error-analysis.ipynb": "notebooks/error-analysis.md",
    "examples/notebooks/label-a-language.ipynb": "notebooks/label-a-language.md",
    "examples/plugin/README.md": "how-to/plugin.md",
    "src/xlner/recognition/multilingual/README.md": "reference/model-card.md",
}
"""Pages from files outside of docs/."""


def site_links(markdown: str, page: str, root: Path) -> str:
    """The text with links to files as links to their pages, or to the repository where a file is no page.

    A link that is named after its file has the name without suffix: a reader of the site sees no files.
    Raises `LookupError` for a link to a file that is not there.
    """
    origins = {path: origin for origin, path in PAGES.items()}
    here = posixpath.dirname(origins.get(page, f"docs/{page}"))

    def changed(link: re.Match[str]) -> str:
        target = link[2]
        if re.match(r"[a-z]+:", target) or page.startswith(("api/", "commands/")):
            return link[0]
        path = posixpath.normpath(posixpath.join(here, target))
        if path == "README.md":
            path = "docs/index.md"
        if path in PAGES:
            target = posixpath.relpath(PAGES[path], posixpath.dirname(page) or ".")
        elif path.startswith("docs/"):
            target = posixpath.relpath(path.removeprefix("docs/"), posixpath.dirname(page) or ".")
        elif (root / path).exists():
            target = f"{REPOSITORY}/blob/main/{path}"
        else:
            raise LookupError(f"{page} links to {target}, which does not exist")
        return f"{link[1]}{target}{link[3] or ''}{link[4]}"

    def outside_of_code(text: str) -> str:
        return re.sub(r"\[([\w-]+)\.md\]\(", r"[\1](", _LINK.sub(changed, text))

    parts = []
    end = 0
    for code in _CODE.finditer(markdown):
        parts += [outside_of_code(markdown[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, outside_of_code(markdown[end:])])

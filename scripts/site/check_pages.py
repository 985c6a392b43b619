"""Checks a built site: links lead somewhere, nothing is loaded from elsewhere, and every public name is documented.

`python scripts/site/check_pages.py FOLDER` prints what is wrong, and ends with 1 if anything is.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from api_pages import public_names, public_packages

_LOADS = {"script": "src", "img": "src", "iframe": "src", "link": "href"}
_NOT_LOADED = {"canonical", "next", "prev", "alternate", "me"}
"""Relations of `link` that a browser does not load."""


class _Page(HTMLParser):
    """The anchors of a page, where its links lead, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found and tag != "meta"}
        if tag == "a" and "href" in found:
            self.links.add(found["href"])
        address = found.get(_LOADS.get(tag, ""), "")
        if address and found.get("rel", "") not in _NOT_LOADED:
            self.loads.add(address)


def problems(site: Path) -> list[str]:
    """One line for each dead link, and for each thing that is loaded from another address."""
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        if path == site / "404.html":  # its addresses begin at the root of the server
            continue
        shown = path.relative_to(site)
        for address in sorted(page.links | page.loads):
            target, anchor = urldefrag(address)
            if urlsplit(target).scheme or target.startswith("//"):
                if address in page.loads:
                    found.append(f"{shown} loads {address}")
                continue
            file = (path.parent / unquote(target)).resolve() if target else path
            file = file / "index.html" if file.is_dir() else file
            if not file.exists():
                found.append(f"{shown} links to {address}: no such page")
            elif anchor and file in pages and unquote(anchor) not in pages[file].anchors and anchor != "__skip":
                found.append(f"{shown} links to {address}: the page has no such heading")
    return found


def undocumented(site: Path) -> list[str]:
    """One line for each public name that its page lacks, as it has no docstring."""
    found = []
    for package in public_packages():
        page = _Page((site / "api" / f"{package}.html").read_text(encoding="utf-8"))
        found += [f"{package}.{n} has no docstring" for n, d in public_names(package).items() if d not in page.anchors]
    return found


if __name__ == "__main__":
    folder = Path(sys.argv[1]).resolve()
    wrong = problems(folder) + undocumented(folder)
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(bool(wrong))

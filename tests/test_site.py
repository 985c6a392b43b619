"""The pages of the documentation site: all commands, options, names, variables and exit codes, and no dead links."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import click
import pytest

from xlner.cli import app, failures
from xlner.cli.run import EXIT_SOME_FAILED

pytest.importorskip("griffe", reason="needs xlner[docs]")

from api_pages import api_pages, public_names, public_packages
from check_pages import problems
from command_pages import command_pages
from doctest_fences import fenced
from figures import FIGURES, with_figures
from glossary import glossary
from links import PAGES, REPOSITORY, site_links
from notebooks import notebook_page
from stage import stage, with_bars

ROOT = Path(__file__).parent.parent
ENVIRONMENT = (ROOT / "docs" / "reference" / "environment.md").read_text(encoding="utf-8")


def test_every_command_and_option_is_on_a_page() -> None:
    pages = {page.path: page.text for page in command_pages()}
    for name, command in app.commands.items():
        page = pages.pop(f"commands/{name}.md")
        assert f"`{name}`" in pages["commands/index.md"]
        inner = list(command.commands.values()) if isinstance(command, click.Group) else []
        for one in (command, *inner):
            assert f"xlner {name}{'' if one is command else f' {one.name}'}" in page
            shown = [o for o in one.params if isinstance(o, click.Option) and not o.hidden]
            for option in shown:
                assert all(re.search(rf"[` ]{re.escape(o)}[`, ]", page) for o in option.opts), option.opts
    assert list(pages) == ["commands/index.md"]


def test_help_is_shown_as_it_is() -> None:
    (page,) = (page.text for page in command_pages() if page.path == "commands/label.md")
    assert "`--route`<br>`[auto|project|direct|both]`" in page
    assert "$ xlner label examples/es.txt --lang es\n" in page
    assert "\\[default: e5:itermax\\]" in page


@pytest.mark.parametrize("package", public_packages())
def test_every_public_name_is_on_a_page_with_its_docstring(package: str) -> None:
    module = import_module(package)
    if hasattr(module, "__all__"):
        assert set(public_names(package)) == {n for n in module.__all__ if not inspect.ismodule(getattr(module, n))}
    (page,) = (page.text for page in api_pages() if page.path == f"api/{package}.md")
    for name, definition in public_names(package).items():
        assert f"::: {definition}\n" in page
        home, _, last = definition.rpartition(".")
        assert getattr(import_module(home), last) is getattr(module, name)


def test_names_of_xlner_lead_to_their_packages() -> None:
    import xlner

    index = api_pages()[0].text
    for name in xlner.__all__:
        assert inspect.ismodule(getattr(xlner, name)) or f"| [`{name}`](" in index or name == "__version__"


def test_glossary_has_the_words_of_contributing() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    page = glossary(ROOT / "CONTRIBUTING.md")
    table = text.partition("| term | meaning | not |")[2].partition("\n\n")[0]
    assert len(table.splitlines()) == len(page.partition("| term |")[2].splitlines())
    assert "| **shard** | the unit of work of a long run |" in page


def test_every_environment_variable_that_the_code_reads_is_on_the_page() -> None:
    read = set()
    for path in (ROOT / "src").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "environ" in text:
            read |= set(re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', text))
            read |= set(re.findall(r'^(?:VARIABLE|_GPUS) = "([A-Z_]+)"', text, re.MULTILINE))
    assert {"XLNER_CACHE", "XLNER_ENGINE", "CUDA_VISIBLE_DEVICES"} < read
    for name in (*read, "OPENAI_API_KEY"):
        assert f"`{name}`" in ENVIRONMENT, name


def test_exit_codes_are_on_the_page() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", ENVIRONMENT, re.MULTILINE)}
    constants = {value for name, value in vars(failures).items() if name.startswith("EXIT_")}
    assert codes == {0, EXIT_SOME_FAILED, *constants}


def test_stage_finds_a_place_for_every_page(tmp_path: Path) -> None:
    stage(tmp_path / "site")
    config = (tmp_path / "site" / "mkdocs.yml").read_text(encoding="utf-8")
    assert "    - label: commands/label.md\n" in config
    assert f"link: {REPOSITORY} " in config
    assert "(results.md)" in (tmp_path / "site" / "docs" / "index.md").read_text(encoding="utf-8")


def test_links_lead_to_pages_or_to_the_repository() -> None:
    text = "[a](../benchmarks/README.md#x) [b](../src/xlner/text/languages.csv) [c](formats.md) `[d](e.md)`"
    assert site_links(text, "words.md", ROOT) == (
        f"[a](results.md#x) [b]({REPOSITORY}/blob/main/src/xlner/text/languages.csv) [c](formats.md) `[d](e.md)`"
    )
    assert site_links("[a](../docs/words.md)", "results.md", ROOT) == "[a](words.md)"
    assert site_links("[words.md](words.md) `[b.md](c)`", "formats.md", ROOT) == "[words](words.md) `[b.md](c)`"
    with pytest.raises(LookupError, match=r"words\.md links to \.\./gone\.py"):
        site_links("[a](../gone.py)", "words.md", ROOT)


def test_a_damaged_site_has_problems(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<h1 id="top"></h1><a href="b.html#x">b</a>', encoding="utf-8")
    (tmp_path / "b.html").write_text('<h1 id="x"></h1><a href="a.html#top">a</a>', encoding="utf-8")
    assert problems(tmp_path) == []
    (tmp_path / "b.html").write_text(
        '<a href="c.html">c</a><a href="a.html#y">a</a><script src="https://cdn.example/x.js"></script>'
        '<a href="https://example.org">is not loaded</a>',
        encoding="utf-8",
    )
    assert problems(tmp_path) == [
        "a.html links to b.html#x: the page has no such heading",
        "b.html links to a.html#y: the page has no such heading",
        "b.html links to c.html: no such page",
        "b.html loads https://cdn.example/x.js",
    ]


def test_examples_of_docstrings_are_code() -> None:
    assert fenced("Text.\n\n>>> f(\n...     1)\n2\n\nMore.") == "Text.\n\n```pycon\n>>> f(\n...     1)\n2\n```\n\nMore."
    assert fenced("```\n>>> 1\n```") == "```\n>>> 1\n```"


def test_bars_in_the_code_of_tables() -> None:
    assert with_bars("| `a\\|b` | c\\|d |\n`e\\|f`") == "| `a|b` | c\\|d |\n`e\\|f`"


def test_figures_are_made_from_the_code_and_the_tables() -> None:
    for name in FIGURES:
        drawn = with_figures(f"before\n\n<!-- figure: {name} -->\n\nafter")
        assert "<!--" not in drawn
        assert name == "packages" or (drawn.count("</svg>") == 1 and len(drawn.splitlines()) == 5)
    for folder in (ROOT / "src" / "xlner").iterdir():
        if folder.is_dir() and (folder / "__init__.py").exists():
            assert f">{folder.name} (" in FIGURES["architecture"]()
            assert f"| `xlner.{folder.name}` | " in FIGURES["packages"]()
    assert FIGURES["pair"]().count(">LOC</text>") == 2
    assert "both (default) 0.800" in FIGURES["routes"]()
    with pytest.raises(LookupError, match="there is no figure 'gone'; known: pair"):
        with_figures("<!-- figure: gone -->")


def test_every_page_has_an_example() -> None:
    """Code, a table or a figure: a page of prose alone does not show what it means."""
    pages = {path: path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md")}
    shown = re.compile(r"^(?:```|\||<!-- figure)", re.MULTILINE)
    assert [path.name for path, text in pages.items() if not shown.search(text)] == []
    assert [page.path for page in command_pages() if "```console\n$ xlner " not in page.text] == []
    assert "```pycon\n>>> " in api_pages()[0].text


def test_notebooks_show_what_they_have_printed() -> None:
    for origin in (origin for origin in PAGES if origin.endswith(".ipynb")):
        page = notebook_page(ROOT / origin)
        assert page.startswith("# ")
        assert "F1 0." in page
        assert "<mark" in page

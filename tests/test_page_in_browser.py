"""The page of `xlner view` in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser import Browser, opened
from tests.test_view import HOSTILE, page_pairs
from xlner import Entity, Pair, Projection, Sentence
from xlner.report import write_page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[Browser]:
    with opened(folder) as browser:
        yield browser


@pytest.fixture
def browser(shared: Browser) -> Iterator[Browser]:
    """The browser; a test fails if its console says anything."""
    shared.console()
    shared.resize(1440)
    yield shared
    assert shared.console() == []


def spanish(k: int) -> Pair:
    words = Sentence.from_text(f"Frase {k} de Vigo.", language="es", id=f"id-{k}")
    label = "<b>X</b>" if k == 53 else "LOC" if k % 2 else "ORG"
    labeled = words.with_entities([Entity(3, 4, label, 0.01 * k)])
    return Pair(words, projection=Projection(labeled, ()))


@pytest.fixture(scope="module")
def address(folder: Path) -> str:
    """A page with 3 special sentences and 50 more."""
    path = folder / "page.html"
    write_page([*page_pairs(), *map(spanish, range(4, 54))], path, title="es.jsonl")
    return path.as_uri()


def words(browser: Browser, side: str) -> list[str]:
    return browser.texts(f"#sentence-1 .{side} .word")


def test_a_page_opens_with_its_sentences(browser: Browser, address: str) -> None:
    browser.open(address)
    assert browser.text("#title") == "es.jsonl"
    assert browser.text("#found") == "53 sentences"
    assert len(browser.all("article")) == 20
    assert words(browser, "target") == ["Ana", "Pardo", "vive", "😀", "en", "Vigo", "."]
    assert browser.texts("#sentence-1 .target .tag") == ["PER", "LOC"]
    assert "Dropped" in browser.text("#sentence-1 .dropped")
    assert "unaligned: none of its words has a link" in browser.text("#sentence-1 .dropped")
    assert browser.text("#sentence-2 .note.bad") == "Error: translator: <b>no</b> answer"


def test_hostile_texts_are_only_texts(browser: Browser, address: str) -> None:
    browser.open(address)
    assert browser.all("main script, main img, main b") == []
    assert "<b>X</b>" in browser.text("#summary")
    assert browser.texts("#sentence-2 .control") == ["U+202E", "U+202C", "U+2028"]
    shown = browser.text("#sentence-2 .target")
    for character in "\u202e\u202c\u2028":
        shown = shown.replace(f"U+{ord(character):04X}", character)
    assert shown == HOSTILE


def test_hovering_over_a_word_draws_its_links(browser: Browser, address: str) -> None:
    browser.open(address)
    browser.hover("#sentence-1 .target .word[data-word='0']")
    browser.until(lambda: len(browser.all("#sentence-1 .links path")) == 2)
    assert browser.texts("#sentence-1 .linked") == ["Ana", "Pardo", "Ana", "Pardo"]
    browser.hover("#sentence-1 .source .word[data-word='2']")
    browser.until(lambda: browser.texts("#sentence-1 .linked") == ["lives", "vive"])
    browser.hover("#title")
    browser.until(lambda: not browser.all("#sentence-1 .links path"))


def test_filters_sorting_and_pages(browser: Browser, address: str) -> None:
    browser.open(address)
    browser.click('#filters [data-facet="reason:unaligned"]')
    browser.until(lambda: browser.text("#found") == "1 of 53 sentences")
    assert browser.texts("article h2") == ["Sentence 1"]
    browser.click("#clear")
    browser.until(lambda: browser.text("#found") == "53 sentences")
    browser.find("#search").send_keys("frase 1.", Keys.ENTER)
    browser.until(lambda: browser.text("#found") == "0 of 53 sentences")
    browser.click("#regular")
    browser.until(lambda: browser.text("#found") == "10 of 53 sentences")
    browser.find("#search").send_keys("(")
    browser.until(lambda: "Unterminated group" in browser.text("#search-problem"))
    browser.click("#clear")
    browser.until(lambda: browser.text("#found") == "53 sentences")
    browser.find("#high").send_keys(Keys.BACKSPACE, "0.2")
    browser.until(lambda: browser.text("#found") == "17 of 53 sentences")
    browser.click("#order option[value='unsure']")
    browser.until(lambda: browser.texts("article h2")[0] == "Sentence 4")
    browser.click("#clear")
    browser.click("#order option[value='given']")
    browser.until(lambda: browser.texts("article h2")[0] == "Sentence 1")
    browser.run("document.activeElement.blur()")
    browser.press("n")
    browser.until(lambda: browser.texts("article h2")[0] == "Sentence 21")
    browser.click("#pages-top button[aria-label='Last page']")
    browser.until(lambda: browser.texts("article h2")[-1] == "Sentence 53")
    assert browser.texts("#pages-top span") == ["page 3 of 3"]


def test_an_address_leads_to_its_sentence(browser: Browser, address: str) -> None:
    browser.open(f"{address}#sentence=45")
    browser.until(lambda: browser.run("return document.activeElement.id") == "sentence-45")
    browser.run("location.hash = '#sentence=2'")
    browser.until(lambda: browser.run("return document.activeElement.id") == "sentence-2")
    browser.run("location.hash = '#sentence=99'")
    browser.until(lambda: browser.text("#found") == "Sentence 99 is not on this page.")


def test_an_entity_tells_what_is_known_about_it(browser: Browser, address: str) -> None:
    browser.open(address)
    browser.click("#sentence-1 .target .word[data-word='5']")
    panel = browser.texts("#sentence-1 .panel dl > *")
    facts = dict(zip(panel[::2], panel[1::2], strict=True))
    assert facts == {
        **{"entity": "Vigo LOC", "confidence": "0.4", "projected from": "Vigo LOC", "score: alignment": "0.5"},
        "links": "Vigo",
    }
    assert len(browser.all("#sentence-1 .links path")) == 1


def test_corrections_by_keyboard_and_mouse_are_saved_as_a_file(browser: Browser, address: str, folder: Path) -> None:
    browser.open(address)
    browser.run("localStorage.clear()")
    browser.open(address)
    browser.press("j")
    browser.press("2")  # the labels of the page: LOC, ORG, PER
    browser.until(lambda: browser.texts("#sentence-1 .target .tag") == ["ORG", "LOC"])
    browser.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    browser.press(Keys.ARROW_RIGHT, shift=True)
    browser.press("3")
    browser.until(lambda: browser.texts("#sentence-1 .target .tag") == ["ORG", "PER", "LOC"])
    browser.click("#sentence-1 .target .word[data-word='5']")
    browser.press("d")
    browser.until(lambda: browser.texts("#sentence-1 .target .tag") == ["ORG", "PER"])
    browser.press("u")
    browser.until(lambda: browser.texts("#sentence-1 .target .tag") == ["ORG", "PER", "LOC"])
    browser.drag("#sentence-1 .target .word[data-word='4']", "#sentence-1 .target .word[data-word='5']")
    browser.until(lambda: browser.texts("#sentence-1 .target .selected") == ["en", "Vigo"])
    browser.click("#sentence-1 .editor button[aria-keyshortcuts='Enter']")
    browser.until(lambda: browser.texts("#sentence-1 .changed .word") == ["Ana", "Pardo", "en", "Vigo"])
    browser.open(address)  # the browser keeps them
    assert browser.texts("#sentence-1 .target .tag") == ["ORG", "PER", "LOC"]
    assert browser.text("#decided") == "0 accepted, 2 changed, 1 added, 0 deleted"
    browser.run('localStorage[Object.keys(localStorage)[0]] = \'[{"key": "other window", "sentence": 2}]\'')
    browser.press("u")
    browser.until(lambda: browser.text("#decided") == "0 accepted, 1 changed, 1 added, 0 deleted")
    kept = json.loads(browser.run("return localStorage[Object.keys(localStorage)[0]]"))
    assert kept[0]["key"] == "other window"
    assert len(kept) == 7
    browser.run("Storage.prototype.setItem = () => { throw new Error('full'); }")
    browser.press("u")
    browser.until(lambda: "This browser does not keep them" in browser.text("#review"))
    browser.find("#who").send_keys("Ana")
    browser.click("#save")
    path = folder / "downloads" / "es.jsonl.corrections.jsonl"
    browser.until(path.exists)
    head, *made = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert head == {"xlner": "corrections", "version": 1, "file": "es.jsonl"}
    assert [d["action"] for d in made] == ["change", "add", "delete", "undo", "change", "undo", "undo"]
    assert made[0]["before"] == {"start": 0, "end": 2, "label": "PER"}
    assert made[0]["after"] == {"start": 0, "end": 2, "label": "ORG"}
    assert made[3]["undoes"] == made[2]["key"]
    browser.run("localStorage.clear()")


def test_arrows_follow_the_direction_of_writing(browser: Browser, folder: Path) -> None:
    arabic = Sentence.from_text("تفتح ليلى مكتب IBM هنا.", language="ar")
    japanese = ("田中", "さん", "は", "東京", "に", "いる", "。")
    offsets = [(0, 2), (2, 4), (4, 5), (5, 7), (7, 8), (8, 10), (10, 11)]
    tokyo = Sentence(japanese, (Entity(3, 4, "LOC"),), "".join(japanese), tuple(offsets), "ja")
    path = folder / "directions.html"
    write_page([arabic.with_entities([Entity(1, 2, "PER"), Entity(3, 4, "ORG")]), tokyo], path)
    browser.open(path.as_uri())
    assert browser.run("return [...document.querySelectorAll('.target')].map((n) => n.dir)") == ["rtl", "ltr"]
    assert browser.run("return [...document.querySelectorAll('.target')].map((n) => n.lang)") == ["ar", "ja"]
    browser.press("j")
    browser.until(lambda: browser.texts(".selected") == ["ليلى"])
    browser.press(Keys.ARROW_LEFT)
    assert browser.texts(".selected") == ["مكتب"]
    browser.press(Keys.ARROW_LEFT, shift=True)
    assert browser.texts(".selected") == ["مكتب", "IBM"]
    browser.press(Keys.ARROW_RIGHT)
    assert browser.texts(".selected") == ["مكتب"]
    browser.press("j")
    browser.until(lambda: browser.texts(".selected") == ["東京"])
    assert browser.text("#sentence-2 .target") == "田中さんは東京LOCにいる。"


@pytest.mark.parametrize("width", [390, 1440])
def test_a_page_fits_its_window(browser: Browser, address: str, width: int) -> None:
    browser.resize(width)
    browser.open(address)
    browser.click("#sentence-1 .target .word[data-word='0']")
    browser.click("#sentence-1 .outcomes summary")
    assert browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert browser.run("return document.querySelector('details.counts').open") is (width > 1000)


def test_colors_follow_the_system_or_the_switch(browser: Browser, address: str) -> None:
    def is_dark() -> bool:
        return bool(browser.run("return getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)")

    browser.open(address)
    browser.prefer("dark")
    assert is_dark()
    browser.press("t")
    assert browser.text("#theme") == "☀ Light"
    assert not is_dark()
    browser.prefer("light")
    browser.press("t")
    assert is_dark()
    browser.press("t")
    assert not is_dark()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier(browser: Browser, folder: Path, scheme: str) -> None:
    path = folder / f"{scheme}.html"
    gold = [s.target.with_entities([Entity(0, 1, "PER")]) for s in page_pairs()[:2]]
    write_page(page_pairs()[:2], path, gold=gold)
    browser.prefer(scheme)
    browser.open(path.as_uri())
    browser.run("document.querySelectorAll('details').forEach((node) => { node.open = true; })")
    browser.click("#sentence-1 .target .word[data-word='5']")
    assert browser.barriers() == []
    browser.click("#help-button")
    assert browser.barriers() == []
    browser.prefer("light")


def test_a_screen_reader_finds_every_part_by_its_name(browser: Browser, address: str) -> None:
    browser.open(address)
    browser.click("#sentence-1 .target .word[data-word='5']")
    found = browser.spoken()
    expected = {
        *(("region", "Summary"), ("search", "Filters"), ("searchbox", "Search"), ("navigation", "Pages")),
        *(("article", "Sentence 1"), ("group", "Source sentence, en"), ("group", "Target sentence, es")),
        *(("button", "Ana Pardo, PER"), ("button", "Vigo, LOC"), ("group", "Correct"), ("textbox", "Another label")),
        *(("spinbutton", "Lowest confidence"), ("combobox", "Sort")),
    }
    assert expected - set(found) == set()
    unnamed = [role for role, name in found if role in ("button", "link", "textbox", "combobox", "image") and not name]
    assert unnamed == []


def test_copied_commands_have_no_prompt(browser: Browser, folder: Path) -> None:
    """While the copy button of the documentation site reads a block, the block has the attribute `data-md-copying`."""
    style = (Path(__file__).parent.parent / "docs" / "site.css").read_text(encoding="utf-8")
    block = '<pre><code><span class="gp">$ </span>xlner doctor\n<span class="gp">$ </span>xlner datasets</code></pre>'
    (folder / "site.html").write_text(f"<style>{style}</style>{block}", encoding="utf-8")
    browser.driver.get((folder / "site.html").as_uri())
    read = "const e = document.querySelector('code'); e.toggleAttribute('data-md-copying', arguments[0]); "
    read += "return e.innerText"
    assert browser.run(read, False) == "$ xlner doctor\n$ xlner datasets"
    assert browser.run(read, True) == "xlner doctor\nxlner datasets"

"""A headless Chromium that tests drive, and the console errors that it saw."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium_axe_python import Axe

PROGRAM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_PATIENCE = 20.0

T = TypeVar("T")


class Browser:
    """One window."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, address: str) -> None:
        """Open a page of xlner and wait until it is drawn."""
        self.driver.get("about:blank")
        self.driver.get(address)
        self.until(
            lambda: self.run(
                "return document.documentElement.dataset.ready ?? document.querySelector('#alert:not([hidden])')"
            )
        )

    def run(self, code: str, *arguments: object) -> Any:
        return self.driver.execute_script(code, *arguments)  # type: ignore[no-untyped-call]

    def find(self, selector: str) -> Any:
        return self.until(lambda: self.all(selector))[0]

    def all(self, selector: str) -> list[Any]:
        return self.driver.find_elements("css selector", selector)

    def text(self, selector: str) -> str:
        return str(self.run("return document.querySelector(arguments[0])?.textContent", selector))

    def texts(self, selector: str) -> list[str]:
        return list(self.run("return [...document.querySelectorAll(arguments[0])].map((n) => n.textContent)", selector))

    def click(self, selector: str) -> None:
        self.find(selector).click()

    def hover(self, selector: str) -> None:
        ActionChains(self.driver).move_to_element(self.find(selector)).perform()

    def drag(self, first: str, last: str) -> None:
        moves = ActionChains(self.driver).click_and_hold(self.find(first))
        moves.move_to_element(self.find(last)).release().perform()

    def press(self, *keys: str, shift: bool = False) -> None:
        actions = ActionChains(self.driver)
        if shift:
            actions.key_down(Keys.SHIFT)
        for key in keys:
            actions.send_keys(key)
        if shift:
            actions.key_up(Keys.SHIFT)
        actions.perform()

    def resize(self, width: int, height: int = 900) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def prefer(self, scheme: str) -> None:
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def until(self, found: Callable[[], T]) -> T:
        """What is found, as soon as it is true."""
        end = time.monotonic() + _PATIENCE
        while not (value := found()):
            assert time.monotonic() < end, f"not found in {_PATIENCE:g} s"
            time.sleep(0.02)
        return value

    def barriers(self) -> list[str]:
        """What axe-core finds that keeps people with disabilities out, with the first element of each."""
        axe = Axe(self.driver)
        axe.inject()  # type: ignore[no-untyped-call]
        found = axe.run()["violations"]
        return [f"{rule['id']}: {rule['help']}: {rule['nodes'][0]['html'][:200]}" for rule in found]

    def spoken(self) -> list[tuple[str, str]]:
        """Role and name of all that a screen reader finds on the page."""
        nodes = self.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        shown = (node for node in nodes if not node["ignored"])
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in shown]

    def console(self) -> list[str]:
        """What the console has said since the last call."""
        return [f"{entry['level']} {entry['message']}" for entry in self.driver.get_log("browser")]


@contextmanager
def opened(folder: Path) -> Iterator[Browser]:
    """A browser with an empty profile that saves downloads into a folder."""
    options = webdriver.ChromeOptions()
    options.binary_location = PROGRAM
    for option in (*_OPTIONS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(option)  # type: ignore[no-untyped-call]
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.add_experimental_option("prefs", {"download.default_directory": str(folder / "downloads")})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        yield Browser(driver)
    finally:
        driver.quit()

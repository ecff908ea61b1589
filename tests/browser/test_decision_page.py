"""The page of a decision in a real browser: it asks nobody, fits its window, and shows all that it should."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simlib.decision.effort import load_ledger
from simlib.report.record.complexity import measure_complexity
from simlib.report.record.page import draw_decision_figures, render_decision_page
from support.decisions import out_of_limits

CHROMIUM = shutil.which("chromium")
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine (Debian: apt install chromium)")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = out_of_limits()
    path = tmp_path_factory.mktemp("page") / "report.html"
    page = render_decision_page(made, draw_decision_figures(made), measure_complexity(made.scenario, load_ledger()))
    path.write_text(page, encoding="utf-8")
    return path


def opened(browser: Any, file: Path, **how: Any) -> tuple[Any, list[str], list[str]]:
    """The page, what it asked for besides itself (which is refused), and what the browser complained about."""
    asked: list[str] = []
    complaints: list[str] = []
    tab = browser.new_context(**how).new_page()

    def decide(route: Any) -> None:
        if route.request.url == file.as_uri():
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    tab.route("**/*", decide)
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(file.as_uri())
    return tab, asked, complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", [WIDE, NARROW], ids=["wide", "narrow"])
def test_it_asks_nobody_and_fits_its_window(browser: Any, page_file: Path, window: dict[str, int], scheme: str) -> None:
    tab, asked, complaints = opened(browser, page_file, viewport=window, color_scheme=scheme)
    assert asked == []
    assert complaints == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= window["width"]
    assert tab.locator("script").count() == 0
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 28)"}[scheme]


def test_everything_is_seen_and_named(browser: Any, page_file: Path) -> None:
    tab, _, _ = opened(browser, page_file, viewport=WIDE)
    heads = tab.locator("h2").all_inner_texts()
    assert heads[:2] == ["Limits", "Verdict"]
    figures = tab.get_by_role("img")
    assert figures.count() == 5
    for number in range(figures.count()):
        box = figures.nth(number).bounding_box()
        assert box is not None
        assert box["width"] > 300
        assert box["height"] > 100
        assert len(figures.nth(number).get_attribute("aria-label")) > 40
    assert tab.locator("table").first.locator(".broken").all_inner_texts() == ["✗ broken"]


def test_text_can_be_read_against_its_ground_in_both_schemes(browser: Any, page_file: Path) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1, for every colour of the page's own words."""
    contrast = """
        () => {
          const light = c => c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const ground = light(getComputedStyle(document.body).backgroundColor);
          return [...document.querySelectorAll('p, li, td, th, span:not(svg *), caption, dt, dd')]
            .map(e => light(getComputedStyle(e).color))
            .map(l => (Math.max(l, ground) + 0.05) / (Math.min(l, ground) + 0.05))
            .reduce((least, ratio) => Math.min(least, ratio), 21);
        }
    """
    for scheme in ("light", "dark"):
        tab, _, _ = opened(browser, page_file, viewport=WIDE, color_scheme=scheme)
        assert tab.evaluate(contrast) >= 4.5

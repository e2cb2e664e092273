# /// script
# requires-python = ">=3.11"
# dependencies = ["playwright==1.65.2"]
# ///
"""The page as a person uses it: `uv run browser_checks.py SIDECAR CHROMIUM FOLDER-FOR-SCREENSHOTS`.

In an environment of its own, because the driver brings a runtime of its own.
"""

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright


def shown(page: Page) -> list[str]:
    return [column.get_attribute("data-stage") or "" for column in page.locator(".column").all()]


def asking_shows_every_stage(page: Page) -> None:
    page.locator("#question").fill("birds near water")
    page.locator("#question").press("Enter")
    page.locator(".column").nth(4).wait_for()
    assert shown(page) == ["bm25", "dense", "sparse", "fused", "reranked"], shown(page)
    best = page.locator("[data-stage=reranked] li strong").first.inner_text()
    assert best in ("Heron", "Kingfisher"), best
    assert float(page.locator("[data-stage=dense] li .score").first.inner_text()) > 0
    assert " ms" in page.locator("[data-stage=sparse] h3").inner_text()
    assert page.locator("#expansion li.added").count() > 0
    assert page.locator("[data-stage=sparse] mark").count() > 0


def a_switch_takes_its_stage_away(page: Page) -> None:
    page.locator("input[value=dense]").focus()
    page.keyboard.press("Space")
    page.locator("[data-stage=dense]").wait_for(state="detached")
    assert shown(page) == ["bm25", "sparse", "fused", "reranked"], shown(page)
    assert "Dense" not in page.locator("[data-stage=fused]").inner_text()
    page.keyboard.press("Space")
    page.locator("[data-stage=dense]").wait_for()


def texts_are_compared(page: Page) -> None:
    page.locator("#compare button").click()
    page.locator("#compared tbody tr").nth(1).wait_for()
    rows = page.locator("#compared tbody tr").all()
    heron, train = ([float(cell) for cell in row.locator("td.number").all_inner_texts()] for row in rows)
    assert all(near > far for near, far in zip(heron, train, strict=True)), (heron, train)


def html_in_a_text_stays_text(page: Page) -> None:
    page.locator("#texts").fill('<img src=x onerror="document.title=1">')
    page.locator("#compare button").click()
    page.locator("#compared tbody tr", has_text="<img").wait_for()
    assert page.title() == "Outrider"


def models_and_queues_are_shown(page: Page) -> None:
    page.locator("#models tbody tr").nth(2).wait_for()
    kinds = [row.locator("td").nth(1).inner_text().split()[0] for row in page.locator("#models tbody tr").all()]
    assert kinds == ["dense", "sparse", "rerank"], kinds
    assert page.locator("#ready").inner_text().startswith("ready")


def the_keyboard_reaches_everything(page: Page) -> None:
    page.locator("#key").focus()
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.value"))
    assert {"question", "index", "size", "bm25", "reranked", "compare-question"} <= set(reached), reached


CHECKS = (
    models_and_queues_are_shown,
    asking_shows_every_stage,
    a_switch_takes_its_stage_away,
    texts_are_compared,
    the_keyboard_reaches_everything,
)


def main(url: str, chromium: str, folder: str) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for scheme, width in (("light", 1440), ("dark", 700)):
            page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 1000})  # type: ignore[arg-type]
            said: list[str] = []
            elsewhere: list[str] = []
            page.on("console", lambda message, said=said: said.append(message.text))
            page.on("pageerror", lambda error, said=said: said.append(str(error)))
            page.on("request", lambda request, elsewhere=elsewhere: elsewhere.append(request.url))
            page.goto(url)
            for check in CHECKS:
                check(page)
                print(f"{check.__name__} ({scheme})")
            page.screenshot(path=Path(folder) / f"{scheme}.png", full_page=True)
            html_in_a_text_stays_text(page)
            assert said == [], said
            assert [each for each in elsewhere if not each.startswith((url, "data:"))] == []
            page.close()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

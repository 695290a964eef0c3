"""The Gradio app: what it answers, and how it looks and behaves in a browser."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from canned import Canned

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

gradio = pytest.importorskip("gradio")

from iepile.builders.tasks import TASKS as KNOWN  # noqa: E402
from iepile.extraction.extractor import Extractor  # noqa: E402
from iepile.spaces.extraction.app import EXAMPLES, LAUNCH, TASKS, build_app  # noqa: E402

CHROMIUM, DRIVER = (shutil.which(name) for name in ("chromium", "chromedriver"))
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
HOSTILE = 'Ada <img src=x onerror="window.pwned=1"> met <b>Bo</b> & Co.'
ANSWERS = {
    "person": ["Ada", "Bo</b> & Co", "Zoe"],
    "<script>window.pwned=1</script>": ["met"],
    "spouse": [{"subject": "Ada", "object": "Bo"}],
    "company": {"Co": {"boss": ["Ada", "Bo"]}},
    "hiring": [{"trigger": "met", "arguments": {"employer": "Ada", "employee": ["Bo", "Co"]}}],
}


def function(app: Any) -> Callable[..., tuple[Any, ...]]:
    """What the button runs."""
    return next(f.fn for f in app.fns.values() if f.api_name == "extract")


@pytest.fixture(scope="module")
def app() -> Any:
    return build_app(Extractor(Canned(ANSWERS)))


def test_every_task_gives_marks_a_table_and_json(app: Any) -> None:
    run = function(app)
    text = "Ada met Bo and Co."
    marks, table, data, _ = run(text, "NER", "as the text", "person, place", "grounded", 0)
    assert "".join(piece for piece, _ in marks) == text
    assert ("Ada", "person") in marks and (" met Bo and Co.", None) in marks
    assert table["headers"] == ["type", "mention", "at"]
    assert table["data"] == [
        ["person", "Ada", "0–3"],
        ["person", "Bo</b> & Co", "not in the text"],
        ["person", "Zoe", "not in the text"],
    ]
    assert data["entities"][0] == {"type": "person", "text": "Ada", "start": 0, "end": 3, "match": "exact"}
    _, table, _, _ = run(text, "RE", "English", "spouse", "grounded", 0)
    assert table["data"] == [["Ada", "spouse", "Bo", "0–3, 8–10"]]
    _, table, _, _ = run(text, "SPO", "Chinese", "person, spouse, person", "grounded", 0)
    assert table["data"] == [["Ada", "spouse", "Bo", "0–3, 8–10"]]
    _, table, _, _ = run(text, "EE", "English", "hiring: employer, employee", "grounded", 0)
    assert table["data"][2] == ["hiring", "met", "employee", "Co", "15–17"]
    _, table, _, _ = run(text, "EEA", "English", "hiring [met]: employer, employee", "grounded", 0)
    assert len(table["data"]) == 3
    _, table, _, _ = run(text, "KG", "English", "company: boss, home", "grounded", 0)
    assert table["headers"] == ["entity", "attribute", "value", "at"]
    assert table["data"] == [["Co", "boss", "Ada", "15–17, 0–3"], ["Co", "boss", "Bo", "15–17, 8–10"]]
    assert set(TASKS) == set(KNOWN)


def test_mistakes_are_told_in_a_sentence(app: Any) -> None:
    run = function(app)
    for text, task, schema, told in (
        (" ", "NER", "person", "Give a text first."),
        ("Ada", "NER", "", "name at least one label"),
        ("Ada", "NER", "person, person", "names 'person' twice"),
        ("Ada", "EEA", "hiring: employer", "write `type [trigger, trigger]: role, role`"),
        ("Ada", "SPO", "person, spouse", "no typed triple"),
        ("Ada", "NER", '["person"', "opens like JSON and is none"),
    ):
        marks, table, data, note = run(text, task, "as the text", schema, "grounded", 0)
        assert marks is None and table["data"] == [] and data is None
        assert told in note.value and note.visible
    _, _, _, note = run("Nobody.", "NER", "as the text", "place", "grounded", 0)
    assert note.value == "Nothing of the schema was found in the text."


def test_the_examples_fit_their_tasks(app: Any) -> None:
    for text, task, schema in EXAMPLES:
        function(app)(text, task, "as the text", schema, "grounded", 0)


@pytest.fixture(scope="module")
def page(app: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    if not CHROMIUM or not DRIVER:
        pytest.skip("needs chromium and chromedriver, of Debian's packages chromium and chromium-driver")
    webdriver = pytest.importorskip("selenium.webdriver")
    _, url, _ = app.launch(**LAUNCH, server_name="127.0.0.1", quiet=True, prevent_thread_lock=True)
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    profile = tmp_path_factory.mktemp("profile")
    for flag in (*FLAGS, f"--user-data-dir={profile}", "--window-size=1280,1000"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    try:
        driver.get(url)
        wait(lambda: driver.find_elements("id", "extract"))
        yield driver
    finally:
        driver.quit()
        app.close()


def wait(condition: Callable[[], Any], seconds: float = 90) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "the page did not get there"
        time.sleep(0.2)
    return found


def fill(page: Chrome, place: str, value: str) -> None:
    area = page.find_element("css selector", f"#{place} textarea")
    area.clear()
    area.send_keys(value)


def shown(page: Chrome, place: str) -> str:
    return str(page.execute_script("return document.getElementById(arguments[0])?.innerText ?? ''", place))


def test_in_a_browser(page: Chrome, tmp_path: Path) -> None:
    fill(page, "text", HOSTILE)
    fill(page, "schema", "person, <script>window.pwned=1</script>")
    page.find_element("id", "extract").click()
    wait(lambda: "Zoe" in shown(page, "table"))
    marked = page.find_element("id", "marked")
    wait(lambda: "onerror" in marked.text)
    assert "Bo</b> & Co" in marked.text  # as text, not as HTML
    assert "<script>" in shown(page, "table")
    assert notes(page) == "1 mention not found in the text"
    assert page.find_elements("css selector", "#marked img, #table img, #marked b, #found script") == []
    assert page.execute_script("return window.pwned") is None
    page.save_screenshot(str(tmp_path / "wide.png"))

    page.find_elements("css selector", "#found button[role=tab]")[1].click()
    wait(lambda: "entities" in shown(page, "json"))

    page.find_element("css selector", "#task input[value=EE]").click()
    wait(lambda: "type: role, role" in shown(page, "schema"))
    fill(page, "schema", "<i>hiring</i> [met]: employer")
    page.find_element("id", "extract").click()
    wait(lambda: notes(page).startswith("'<i>hiring</i> [met]: employer' is no event type"))

    page.set_window_size(420, 900)
    wait(lambda: page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth"))
    page.save_screenshot(str(tmp_path / "narrow.png"))
    assert all((tmp_path / name).stat().st_size > 10_000 for name in ("wide.png", "narrow.png"))

    assert [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert asked_elsewhere(page) == set()


def notes(page: Chrome) -> str:
    return str(page.execute_script("return document.querySelector('#notes textarea')?.value ?? ''"))


def asked_elsewhere(page: Chrome) -> set[str]:
    """Addresses outside this machine that the page asked for."""
    import json

    messages = (json.loads(entry["message"])["message"] for entry in page.get_log("performance"))
    urls = {m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"}
    return {url for url in urls if url.startswith("http") and "//127.0.0.1" not in url}

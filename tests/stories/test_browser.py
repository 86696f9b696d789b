"""The wizard and the panel in a real browser: a person walks through them by keyboard, and nothing is asked of the
internet.
"""

from __future__ import annotations

import base64
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

    Dialogue = list[tuple[str, str]]

PATIENCE = 60.0
REST = 0.2
"""Seconds in which nothing is drawn."""
KEYS = {"\r": "Enter", " ": "Space", "\x1b[6~": "PageDown", "\x1b": "Escape", "\x1b[2~": "Insert", "\t": "Tab"}
BAR = [1, 120, 212]
"""The colour of the bar at the top, where the screen begins."""
COLOURS = """\
async (picture) => {
  const image = new Image();
  image.src = "data:image/png;base64," + picture;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const found = context.getImageData(0, 0, image.width, image.height).data;
  let light = 0;
  for (let at = 0; at < found.length; at += 4) {
    light += found[at] > 200 && found[at + 1] > 200 && found[at + 2] > 200;
  }
  return [Array.from(found.slice(0, 3)), light];
}
"""


@pytest.fixture
def chromium(witness: Callable[[str], str], witness_module: Callable[[str], ModuleType]) -> Iterator[Any]:
    """A browser without a window of its own."""
    playwright = witness_module("playwright.sync_api")
    path = witness("chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


class Person:
    """Looks at a page and types; what the page asks for, and what goes wrong in it, is written down."""

    def __init__(self, context: Any) -> None:
        self.page = context.new_page()
        self.asked: list[str] = []
        self.faults: list[str] = []
        self._seen, self._drawn = "", 0.0
        context.on("request", lambda request: self.asked.append(request.url))
        self.page.on("websocket", self._watch)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on(
            "console", lambda message: self.faults.append(message.text) if "Policy" in message.text else None
        )

    def _watch(self, socket: Any) -> None:
        """What is drawn arrives by a socket; the terminal in the page draws it to a canvas, which holds no text."""
        self.asked.append(socket.url)
        socket.on("framereceived", self._draw)

    def _draw(self, frame: str | bytes) -> None:
        self._seen += frame.decode("utf-8", "replace") if isinstance(frame, bytes) else ""
        self._drawn = time.monotonic()

    def sees(self, text: str) -> None:
        """Wait for that text, and until the screen is at rest: what is typed before may not be heard."""
        deadline = time.monotonic() + PATIENCE
        while text not in self._seen or time.monotonic() < self._drawn + REST:
            assert time.monotonic() < deadline, f"it was never seen: {text}"
            self.page.wait_for_timeout(50)
        self._seen = ""

    def walks(self, dialogue: Sequence[tuple[str, str]]) -> None:
        """See a text, then press a key."""
        for text, key in dialogue:
            self.sees(text)
            self.page.keyboard.press(KEYS[key])


def drawn(chromium: Any, page: Any) -> tuple[list[int], int]:
    """The colour in the corner of a page as it is on the screen, and how many dots are light, as letters are."""
    picture = base64.b64encode(page.screenshot()).decode()
    beside = chromium.new_page()  # the policy of the page itself would not have it looked at
    corner, light = beside.evaluate(COLOURS, picture)
    beside.close()
    return corner, light


def test_a_person_makes_a_profile_in_a_browser(
    profiles: Callable[[], list[str]], to_the_summary: Dialogue, serve: Callable[..., Any], chromium: Any
) -> None:
    served = serve("wizard")
    person = Person(chromium.new_context(viewport={"width": 900, "height": 600}))
    person.page.goto(served.address)
    top = served.address.partition("?")[0]
    assert person.page.url == top, "the token is not left where a shoulder is looked over"
    welcome, *rest, (name, onward) = to_the_summary
    person.sees(welcome[0])
    person.page.wait_for_timeout(1000)  # it is faded in
    corner, light = drawn(chromium, person.page)
    assert corner == BAR
    assert light > 1000
    person.page.keyboard.press(KEYS[welcome[1]])
    person.walks(rest)

    stranger = Person(chromium.new_context())
    answer = stranger.page.goto(served.address)
    assert answer.status == 403
    assert "This address was used already" in stranger.page.inner_text("h1")

    person.sees(name)
    person.page.keyboard.type("By browser")
    person.page.keyboard.press(KEYS[onward])
    person.walks([("Ready to finish", "\r"), ("The profile is ready", "\r")])
    person.page.wait_for_selector("body.-closed")
    assert "This screen was closed" in person.page.inner_text(".ended")
    assert served.says("mapiwright undo")
    assert profiles() == ["By browser"]

    person.page.wait_for_selector("#again:focus")
    person.page.keyboard.press("Enter")
    person.sees("Welcome to the")
    person.page.reload()
    person.page.wait_for_selector("body.-first-byte")
    second = Person(person.page.context)
    second.page.goto(top)
    second.page.wait_for_url("**/closed")
    assert "It is open in another window" in second.page.inner_text("h1")
    person.page.keyboard.press("Escape")
    person.page.wait_for_selector("body.-closed")
    second.page.click("a")
    second.sees("Welcome to the")

    own = (top, top.replace("http:", "ws:"))
    assert len(person.asked) > 10
    assert [url for url in person.asked + stranger.asked if not url.startswith((*own, "data:"))] == []
    assert person.faults == []


class Eavesdropper(BaseHTTPRequestHandler):
    """A server on another port of this computer, which writes down the cookies that browsers send it."""

    heard: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.heard.append(self.headers.get("Cookie", ""))
        self.send_response(200)
        self.send_header("Set-Cookie", "theirs=1; Path=/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_server_on_another_port_is_not_sent_the_cookie(serve: Callable[..., Any], chromium: Any) -> None:
    """Browsers send a cookie to every port of the computer that has set it."""
    served = serve("wizard")
    person = Person(chromium.new_context())
    person.page.goto(served.address)
    person.sees("Welcome to the")
    (cookie,) = person.page.context.cookies()
    assert cookie["name"] == f"mapiwright-{served.port}"
    with ThreadingHTTPServer(("127.0.0.1", 0), Eavesdropper) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        for _ in range(2):
            person.page.goto(f"http://127.0.0.1:{other.server_port}/")
        other.shutdown()
    assert "theirs=1" in Eavesdropper.heard, "the browser does send what is meant for all of the computer"
    assert not [heard for heard in Eavesdropper.heard if "mapiwright" in heard]


def test_a_person_looks_after_profiles_in_a_browser(
    profiles: Callable[[], list[str]], serve: Callable[..., Any], chromium: Any
) -> None:
    served = serve("panel", "--language", "fr")
    person = Person(chromium.new_context(viewport={"width": 1000, "height": 700}))
    person.page.goto(served.address)
    person.walks([("Courrier", "\x1b[2~")])
    person.sees("Ajouter un profil")
    person.page.keyboard.type("Par navigateur")
    for key in ("Tab", "Enter", "ArrowDown", "Enter"):  # by hand, and not by the wizard
        person.page.keyboard.press(key)
        person.page.wait_for_timeout(300)
    for key in ("Tab", "Enter"):
        person.page.keyboard.press(key)
    person.walks([("Ajouter le profil Par navigateur", "\r"), ("Terminé. Reçu", "\x1b")])
    person.page.wait_for_selector("body.-closed")
    assert served.says("mapiwright undo")
    assert profiles() == ["Par navigateur"]
    assert [url for url in person.asked if "127.0.0.1" not in url and not url.startswith("data:")] == []
    assert person.faults == []

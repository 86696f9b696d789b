"""A screen in a browser: who may come in, what is let in from elsewhere, and that nothing is left when it ends."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import signal
import socket
import sys
import time
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web

from mapiwright.ui.browser.browser_auth import Door, Verdict
from mapiwright.ui.browser.waiting_room import MOST_WAITING, WaitingRoom

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from email.message import Message

    Dialogue = list[tuple[str, str]]

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
PATIENCE = 60.0
REST = 0.2
"""Seconds in which nothing is drawn."""
ENTER = "\r"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answers to one request."""

    status: int
    headers: Message
    text: str


class Browser:
    """Asks a server as a browser does, or as one would that lies; ``cookie`` is what it was given."""

    def __init__(self, served: Any) -> None:
        self.served = served
        self.cookie = ""
        self.own = f"http://127.0.0.1:{served.port}"
        self.first = served.address.removeprefix(self.own)
        self.top = self.first.partition("?")[0]

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """The answer, which is not followed anywhere; a path that begins with no slash is below the server's own."""
        cookie = {"Cookie": self.cookie} if self.cookie else {}
        with closing(http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=PATIENCE)) as connection:
            connection.request(method, path if path[:1] == "/" else self.top + path, headers={**cookie, **headers})
            found = connection.getresponse()
            return Answer(found.status, found.headers, found.read().decode())

    def come_in(self) -> Answer:
        """Open the address that the terminal shows."""
        answer = self.ask(self.first)
        self.cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
        return answer

    def socket(self, **headers: str) -> int:
        """The status of the answer to who asks for the screen itself; 101 is yes."""
        return self.ask("ws", **{**UPGRADE, **headers}).status

    @asynccontextmanager
    async def window(self, width: int = 100) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A window with the screen in it."""
        headers = {"Cookie": self.cookie, "Origin": self.own}
        async with aiohttp.ClientSession() as session:
            url = f"ws://127.0.0.1:{self.served.port}{self.top}ws?width={width}&height=30"
            async with session.ws_connect(url, headers=headers) as opened:
                yield opened


async def see(window: aiohttp.ClientWebSocketResponse, text: str) -> str:
    """All that is drawn until that text was, and the screen is at rest: what is typed before may not be heard."""
    seen, deadline = "", time.monotonic() + PATIENCE
    while True:
        try:
            message = await window.receive(timeout=REST)
        except TimeoutError:
            if text in seen:
                return seen
            assert time.monotonic() < deadline, f"it was never seen: {text}; only {seen}"
            continue
        assert message.type is aiohttp.WSMsgType.BINARY, f"it was never seen: {text}; only {seen}"
        seen += message.data.decode("utf-8", "replace")


async def talk(window: aiohttp.ClientWebSocketResponse, dialogue: Sequence[tuple[str, str]]) -> None:
    """See a text, then type."""
    for text, keys in dialogue:
        await see(window, text)
        await window.send_json(["stdin", keys])


async def closed(window: aiohttp.ClientWebSocketResponse) -> None:
    """Wait until the server has closed it."""
    async with asyncio.timeout(PATIENCE):
        while not window.closed:
            await window.receive()


@pytest.fixture
def browser(serve: Callable[..., Any]) -> Browser:
    """A browser before a wizard that it has not opened yet."""
    return Browser(serve("wizard"))


@pytest.fixture(params=["wizard", "panel"])
def either(request: pytest.FixtureRequest, serve: Callable[..., Any]) -> Browser:
    """A browser before each of the screens that are served, for what is promised of both."""
    return Browser(serve(request.param))


# Who may come in.


def test_the_token_lets_one_browser_in_and_is_spent(browser: Browser) -> None:
    answer = browser.come_in()
    assert (answer.status, answer.headers["Location"]) == (303, browser.top)
    assert len(browser.top) > 40, "nobody guesses it"
    kept = {part.strip().partition("=")[0].lower(): part for part in answer.headers["Set-Cookie"].split(";")[1:]}
    assert kept.keys() == {"httponly", "samesite", "path"}, "and no Domain, which would give it to others"
    assert kept["samesite"].strip() == "SameSite=Strict"
    assert kept["path"].strip() == f"Path={browser.top}", "and no other port is sent it"
    page = browser.ask("")
    assert page.status == 200
    assert "Profile Wizard" in page.text

    second = Browser(browser.served)
    refused = second.come_in()
    assert refused.status == 403
    assert "This address was used already" in refused.text
    assert second.cookie == ""
    assert second.ask("").status == 403

    again = browser.ask(browser.first)
    assert (again.status, again.headers["Location"]) == (303, browser.top), (
        "who is in needs no token, and may click twice"
    )


def test_nobody_else_is_told_anything(browser: Browser) -> None:
    stranger = Browser(browser.served)
    name = f"mapiwright-{browser.served.port}"

    def is_given_nothing() -> None:
        for stranger.cookie in ("", f"{name}=", f"{name}=guessed", "other=1"):
            for path in (
                "/",
                "/closed",
                browser.first.replace(browser.top, "/"),
                browser.top.removesuffix("/"),
                browser.top.upper(),
                "",
                "?token=",
                "?token=guessed",
                "?token=%ff%00",
                "static/js/textual.js",
                "closed",
            ):
                answer = stranger.ask(path)
                assert answer.status == 403, path
                assert "Only the browser that first opens" in answer.text
            assert stranger.socket(Origin=stranger.own) == 403

    is_given_nothing()
    assert browser.come_in().status == 303, "who guesses spends nothing"
    is_given_nothing()


def test_the_cookie_opens_nothing_but_what_lies_below_the_path(browser: Browser) -> None:
    browser.come_in()
    for path in ("/", "/closed", "/ws", "/static/js/textual.js", browser.top.removesuffix("/"), f"/x{browser.top}"):
        assert browser.ask(path, **UPGRADE, Origin=browser.own).status == 403, path


def test_the_token_opens_no_socket(browser: Browser) -> None:
    token = browser.served.address.partition("?")[2]
    assert browser.ask(f"ws?{token}", **UPGRADE, Origin=browser.own).status == 403
    assert browser.come_in().status == 303


def test_a_name_that_was_bound_to_this_computer_is_refused(browser: Browser) -> None:
    """DNS rebinding: the page of evil.example asks evil.example, which is 127.0.0.1 by now."""
    port = browser.served.port
    foreign = ("evil.example", f"evil.example:{port}", "127.0.0.1", "127.0.0.1:1", f"127.0.0.2:{port}")
    for named in foreign:
        assert browser.ask(browser.first, Host=named).status == 403
    browser.come_in()
    for named in foreign:
        assert browser.ask("", Host=named).status == 403
        assert browser.socket(Host=named, Origin=f"http://{named}") == 403
    assert browser.ask("", Host=f"localhost:{port}").status == 200


def test_the_page_of_another_site_is_refused_the_screen(browser: Browser) -> None:
    """A browser sends its cookies with a WebSocket whoever opens it; another port here is another site, too."""
    browser.come_in()
    other = f"http://127.0.0.1:{browser.served.port + 1}"
    for origin in ("http://evil.example", other, "null", browser.own.replace("http:", "https:")):
        assert browser.socket(Origin=origin) == 403
        assert browser.ask("", Origin=origin).status == 403
    assert browser.socket() == 403, "a browser always says where it comes from"
    assert browser.socket(Origin=browser.own) == 101


def test_a_browser_leaves_out_the_port_of_the_scheme() -> None:
    door = Door(80)
    token = door.address.rpartition("=")[2]
    assert door.decide("LocalHost", door.path, None, token, {}) is Verdict.FIRST


def test_every_answer_lets_nothing_in_from_elsewhere(browser: Browser) -> None:
    answers = [browser.ask(""), browser.come_in()]
    answers += [browser.ask(path) for path in ("", "closed", "static/js/textual.js", "nothing")]
    answers += [browser.ask("", "POST"), browser.ask("ws", **UPGRADE, Origin=browser.own)]
    assert [answer.status for answer in answers] == [403, 303, 200, 200, 200, 404, 405, 101]
    for answer in answers:
        headers = answer.headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        policy = dict(rule.strip().partition(" ")[::2] for rule in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        own = {"'self'", "'none'", "'unsafe-inline'", "data:"}
        own |= {f"ws://{name}:{browser.served.port}" for name in ("127.0.0.1", "localhost")}
        assert {source for sources in policy.values() for source in sources.split()} <= own


def test_the_pages_name_nothing_of_the_internet(browser: Browser) -> None:
    pages = [browser.ask("").text, browser.come_in().text]
    pages += [browser.ask(path).text for path in ("", "screen/screen.css", "screen/screen.js")]
    assert set(re.findall(r"\w*:?//\w[\w.]*", "".join(pages))) == {"ws://127.0.0.1"}


def test_only_this_computer_reaches_it(browser: Browser) -> None:
    port = browser.served.port
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    own = {found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in {"127.0.0.2", *map(str, own)} - {"127.0.0.1"}:
        with pytest.raises(OSError, match=r"."):
            socket.create_connection((address, port), timeout=5)


def test_the_token_is_in_no_log(browser: Browser) -> None:
    assert browser.served.told(f"Open this in a browser: {browser.served.address}\n")
    alone = "Only this computer can open it, and only the first browser that does. Ctrl+C ends it.\n"
    assert browser.served.says(alone)
    token = browser.served.address.rpartition("=")[2]
    browser.come_in()
    browser.ask(f"?token={token}")
    Browser(browser.served).come_in()
    browser.ask(f"nothing?token={token}", "POST")
    assert browser.served.ended() == 0
    browser.served.reader.join(PATIENCE)
    assert "".join(browser.served.said).count(token) == 1, "where the user is told to open it"


def test_nothing_of_a_request_reaches_the_terminal(browser: Browser) -> None:
    """A browser has the cookie in its requests, and anybody may send what is none."""
    browser.come_in()
    host = f"Host: 127.0.0.1:{browser.served.port}\r\n".encode()
    cookie = f"Cookie: {browser.cookie}; secret=".encode()
    for sent in (
        b"secret\r\n\r\n",
        b"\x16\x03\x01secret\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + host + b"secret\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + host + cookie + b"\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + host + cookie + b"a" * 100_000 + b"\r\n\r\n",
        b"GET /secret" + b"a" * 100_000 + b" HTTP/1.1\r\n" + host + cookie + b"\r\n\r\n",
        b"GET http://[secret HTTP/1.1\r\n" + host + b"\r\n",
        b"GET /?%secret&token=%ff HTTP/1.1\r\n" + host + b"Cookie: secret=\xff\xfe\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\nsecret\r\n",
    ):
        with socket.create_connection(("127.0.0.1", browser.served.port), timeout=PATIENCE) as stranger:
            stranger.sendall(sent)
            assert stranger.recv(7) == b"HTTP/1.", sent[:40]
    assert browser.ask("").status == 200
    assert browser.served.ended() == 0
    browser.served.reader.join(PATIENCE)
    *_, last = browser.served.said
    assert last.endswith("Ctrl+C ends it.\n"), "".join(browser.served.said)


def test_cookies_of_other_servers_do_not_keep_the_browser_out(browser: Browser) -> None:
    """It sends those of all ports of this computer."""
    browser.come_in()
    browser.cookie = f"other={'a' * 60_000}; {browser.cookie}"
    assert browser.ask("").status == 200


def test_a_request_that_a_stranger_does_not_end_does_not_hold_it(browser: Browser) -> None:
    head = f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{browser.served.port}\r\n".encode()
    with ExitStack() as strangers:
        for sent in (b"", b"GET /", head, head + b"Content-Length: 10\r\n\r\n123"):
            stranger = socket.create_connection(("127.0.0.1", browser.served.port), timeout=PATIENCE)
            strangers.enter_context(stranger).sendall(sent)
        assert Browser(browser.served).ask("").status == 403
        begun = time.monotonic()
        assert browser.served.ended() == 0
        assert time.monotonic() < begun + 4


def test_the_terminal_and_the_pages_speak_the_language_of_the_screen(serve: Callable[..., Any]) -> None:
    browser = Browser(serve("wizard", "--language", "fr"))
    assert browser.served.told("Ouvrez ceci dans un navigateur : http://127.0.0.1:")
    assert browser.served.says("Seul cet ordinateur y a accès")
    assert '<html lang="fr">' in browser.ask("").text
    browser.come_in()
    assert "Assistant Profil" in browser.ask("").text
    assert "Cette adresse a déjà servi" in Browser(browser.served).come_in().text


# The screen.


def test_what_comes_of_it_is_told_in_the_terminal(
    profiles: Callable[[], list[str]], to_the_summary: Dialogue, browser: Browser
) -> None:
    async def walk() -> None:
        async with browser.window() as window:
            await talk(window, [*to_the_summary, ("Ready to finish", ENTER), ("The profile is ready", ENTER)])
            await closed(window)

    browser.come_in()
    asyncio.run(walk())
    assert browser.served.says("mapiwright undo")
    assert profiles() == ["Outlook"]


def test_a_dry_run_shows_its_plan_in_the_terminal(
    profiles: Callable[[], list[str]], to_the_summary: Dialogue, serve: Callable[..., Any]
) -> None:
    browser = Browser(serve("wizard", "--dry-run"))

    async def walk() -> None:
        async with browser.window() as window:
            await talk(window, [*to_the_summary, ("This is a dry run", ENTER)])
            await closed(window)

    browser.come_in()
    asyncio.run(walk())
    assert browser.served.says("Together: 0 files")
    assert profiles() == []


def test_words_arrive_as_they_were_typed(serve: Callable[..., Any], workstation_folder: Path) -> None:
    odd = workstation_folder.with_name("""a  b 'c' "d" $HOME `e` ;f& (é) --serve""")
    workstation_folder.rename(odd)
    browser = Browser(serve("wizard", "--workstation", f"image:{odd}", "--profile", "--serve"))

    async def look() -> str:
        async with browser.window(width=400) as window:
            return await see(window, "Welcome to the")

    browser.come_in()
    assert f"image:{odd}" in asyncio.run(look())


def test_one_window_at_a_time_shows_it(browser: Browser) -> None:
    async def two_windows() -> None:
        async with browser.window() as window:
            await see(window, "Welcome to the")
            assert await asyncio.to_thread(browser.socket, Origin=browser.own) == 409
            page = await asyncio.to_thread(browser.ask, "closed")
            assert page.status == 409
            assert "It is open in another window" in page.text
        assert "This screen was closed" in (await asyncio.to_thread(browser.ask, "closed")).text
        async with browser.window() as window:
            await see(window, "Welcome to the")

    browser.come_in()
    asyncio.run(two_windows())


def test_a_window_that_says_what_no_page_says_is_closed(browser: Browser) -> None:
    odd = (
        *("", '["stdin", 3]', '["else", "x"]', "[" * 100_000, f'["stdin", "{"x" * (1 << 20)}x"]'),
        *(f'["resize", {{"width": {side}, "height": 24}}]' for side in (0, 1001, 80.5, "true")),
    )

    async def say_them() -> None:
        for said in odd:
            async with browser.window() as window:
                await window.send_str(said)
                await closed(window)
                assert window.close_code == 1008, said[:50]
        async with browser.window() as window:
            await window.send_bytes(b'["focus"]')
            await closed(window)
            assert window.close_code == 1003

    browser.come_in()
    asyncio.run(say_them())
    assert browser.served.ended() == 0
    browser.served.reader.join(PATIENCE)
    assert not re.search("Traceback|defect|killed", "".join(browser.served.said))


def test_a_screen_has_any_size_that_a_window_may_have(browser: Browser) -> None:
    async def resize() -> None:
        async with browser.window(width=-5) as window:
            await see(window, "Welcome to the")
            await window.send_json(["ping", "1"])
            assert await window.receive_json(timeout=PATIENCE) == ["pong", "1"]
            for width, height in ((1, 1), (1000, 1000), (1, 1000), (1000, 1), (100, 30)):
                await window.send_json(["resize", {"width": width, "height": height}])
            for said in (["blur"], ["focus"], ["stdin", "\ud800"], ["stdin", ENTER]):
                await window.send_json(said)
            await see(window, "Choose the message")

    browser.come_in()
    asyncio.run(resize())


def test_a_program_that_says_something_else_closes_its_window(serve: Callable[..., Any], tmp_path: Path) -> None:
    """More than a reader takes before the first packet."""
    chatter = "import os, sys\nif 'TEXTUAL_DRIVER' in os.environ: sys.__stdout__.write('x' * 200_000)\n"
    (tmp_path / "sitecustomize.py").write_text(chatter, encoding="utf-8")
    browser = Browser(serve("wizard", PYTHONPATH=str(tmp_path)))

    async def look() -> None:
        async with browser.window() as window:
            await closed(window)

    browser.come_in()
    asyncio.run(look())
    assert browser.served.says("nothing was changed"), "the program has ended"
    assert browser.served.says("LimitOverrunError")
    assert "This screen was closed" in browser.ask("closed").text
    assert browser.served.ended() == 0


SLOW = """

_configure = configure


def configure(call: Any) -> int | None:
    import time

    time.sleep({seconds})
    return _configure(call)
"""
LONG = 17
"""Seconds that are, in the two calls together, more than a server would wait that has any limit."""
FOREVER = 90


@pytest.fixture
def slow(
    profiles: Callable[[], list[str]], mapiwright: Callable[..., Any], release: Callable[..., Path]
) -> Callable[[int], None]:
    """``slow(3)``: a step of what the wizard writes takes that many seconds."""
    assert profiles() == []

    def become(seconds: int) -> None:
        changes = {'name = "user"\n': 'name = "user"\ndefault = "zoe"\n', "deadline = 20": "deadline = 100"}
        package = release("6.0", {"mapiwright.toml": changes})
        with (package / "acme_service.py").open("a", encoding="utf-8") as code:
            code.write(SLOW.format(seconds=seconds))
        assert mapiwright("install", package, "--no-profile", "--yes").code == 0

    return become


@asynccontextmanager
async def writing(browser: Browser, to_the_summary: Dialogue) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A window whose program is in that step."""
    async with browser.window() as window:
        await talk(window, [*to_the_summary, ("Ready to finish", ENTER)])
        await see(window, "Step 2 of 3: call ACME")
        yield window


def test_a_browser_that_is_closed_does_not_stop_what_is_written(
    slow: Callable[[int], None], profiles: Callable[[], list[str]], to_the_summary: Dialogue, browser: Browser
) -> None:
    slow(LONG)

    async def walk_away() -> None:
        async with writing(browser, to_the_summary):
            pass

    browser.come_in()
    asyncio.run(walk_away())
    assert browser.served.says("the running change is finished first")
    assert not browser.served.told("mapiwright undo"), "it is not done yet"
    browser.served.process.send_signal(signal.SIGINT)
    assert browser.served.says("Ctrl+C once more kills it")
    assert browser.served.process.wait(PATIENCE) == 0, "and is waited for"
    browser.served.reader.join(PATIENCE)
    assert browser.served.told("mapiwright undo")
    assert not browser.served.told("killed (")
    assert profiles() == ["Outlook"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals: Windows has others")
def test_a_second_ctrl_c_kills_what_writes_and_tells_the_way_out(
    slow: Callable[[int], None], mapiwright: Callable[..., Any], to_the_summary: Dialogue, browser: Browser
) -> None:
    slow(FOREVER)
    process = browser.served.process

    async def insist() -> None:
        async with writing(browser, to_the_summary):
            for _ in range(3):  # who is in a hurry presses it at once, and does not insist yet
                process.send_signal(signal.SIGINT)
            assert await asyncio.to_thread(browser.served.says, "Ctrl+C once more kills it")
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(1)
            assert process.poll() is None, "only Ctrl+C insists"
            process.send_signal(signal.SIGINT)

    browser.come_in()
    asyncio.run(insist())
    assert process.wait(PATIENCE) == 4
    assert browser.served.says("was killed (SIGKILL)")
    assert browser.served.says("was interrupted. To end it: mapiwright recover")
    assert "rolled back" in mapiwright("recover").out


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes: Linux shows them below /proc")
def test_a_program_that_somebody_else_kills_is_told_of(
    slow: Callable[[int], None], mapiwright: Callable[..., Any], to_the_summary: Dialogue, serve: Callable[..., Any]
) -> None:
    """As the system does where memory is short."""
    slow(FOREVER)
    place = os.environ["MAPIWRIGHT_WORKSTATION"]
    browser = Browser(serve("wizard", "--workstation", place))

    async def kill_it() -> None:
        async with writing(browser, to_the_summary) as window:
            (program,) = children(browser.served.process.pid)
            os.kill(program, signal.SIGKILL)
            await closed(window)

    browser.come_in()
    asyncio.run(kill_it())
    assert browser.served.says("The program of the screen was killed (SIGKILL).")
    assert browser.served.says(f"was interrupted. To end it: mapiwright recover --workstation {place}")
    assert browser.served.ended() == 4
    assert "rolled back" in mapiwright("recover").out


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes: Linux shows them below /proc")
def test_a_program_that_is_killed_while_nothing_is_written_leaves_nothing(browser: Browser) -> None:
    async def kill_it() -> None:
        async with browser.window() as window:
            await see(window, "Welcome to the")
            (program,) = children(browser.served.process.pid)
            os.kill(program, signal.SIGKILL)
            await closed(window)

    browser.come_in()
    asyncio.run(kill_it())
    assert browser.served.says("was killed (SIGKILL)")
    assert browser.served.ended() == 0
    assert not browser.served.told("recover")


def children(process: int) -> list[int]:
    """The processes that it has started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[1]) == process:
            found.append(int(status.parent.name))
    return found


def lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes: Linux shows them below /proc")
@pytest.mark.parametrize(("by", "code"), [("SIGINT", 0), ("SIGTERM", 0), ("SIGHUP", 0), ("SIGKILL", -9)])
def test_its_end_leaves_no_process(browser: Browser, by: str, code: int) -> None:
    async def look_and_end() -> int:
        async with browser.window() as window:
            await see(window, "Welcome to the")
            shown = children(browser.served.process.pid)
            assert len(shown) == 1
            assert await asyncio.to_thread(browser.served.ended, signal.Signals[by]) == code
            return shown[0]

    browser.come_in()
    shown = asyncio.run(look_and_end())
    deadline = time.monotonic() + (PATIENCE if by == "SIGKILL" else 0)
    try:
        while lives(shown) and time.monotonic() < deadline:
            time.sleep(0.1)  # nobody waited for it: it has to see that it is alone
        assert not lives(shown)
    finally:
        if lives(shown):
            os.kill(shown, signal.SIGKILL)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes: Linux shows them below /proc")
def test_a_window_that_is_closed_ends_its_program(browser: Browser) -> None:
    async def look() -> None:
        async with browser.window() as window:
            await see(window, "Welcome to the")

    browser.come_in()
    asyncio.run(look())
    deadline = time.monotonic() + PATIENCE
    while children(browser.served.process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert children(browser.served.process.pid) == []
    assert browser.served.says("nothing was changed")
    assert not browser.served.told("killed"), "it has ended by itself"


def test_what_cannot_start_closes_the_window_and_says_why(browser: Browser, workstation_folder: Path) -> None:
    workstation_folder.rename(workstation_folder.with_name("elsewhere"))

    async def look() -> None:
        async with browser.window() as window:
            await closed(window)

    browser.come_in()
    asyncio.run(look())
    assert browser.served.says("Error: ")
    assert browser.served.process.poll() is None


# The options.


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--serve", "--json"], "--serve and --json exclude each other"),
        (["--serve", "--answers", os.devnull], "--serve and --answers exclude each other"),
        (["--port", "8000"], "--port needs --serve"),
        (["--serve", "--port", "65536"], "65536"),
    ],
)
def test_what_makes_no_sense_is_refused(mapiwright: Callable[..., Any], words: list[str], told: str) -> None:
    answer = mapiwright("wizard", *words)
    assert answer.code == 2
    assert told in answer.err


def test_a_port_that_is_taken_is_told(mapiwright: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = mapiwright("wizard", "--serve", "--port", str(port))
    assert answer.code == 1
    assert f"--port {port}: the port is in use" in answer.err


def test_the_port_that_is_asked_for_is_the_one(serve: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert serve("wizard", "--port", str(port)).port == port


def test_a_pipe_is_told_of_the_browser(mapiwright: Callable[..., Any]) -> None:
    answer = mapiwright("wizard")
    assert answer.code == 1
    assert "--serve" in answer.err


class TestManyConnections:
    """Every program on this computer can connect, and say nothing."""

    def test_they_keep_nobody_out_and_are_no_news(self, either: Browser) -> None:
        with ExitStack() as stack:
            beginnings = (b"", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"\0\xff" * 40)
            opened = []
            for number in range(4 * MOST_WAITING):
                connection = stack.enter_context(closing(socket.create_connection(("127.0.0.1", either.served.port))))
                with suppress(ConnectionError):  # it may have gone already
                    connection.sendall(beginnings[number % len(beginnings)])
                opened.append(connection)
            assert either.come_in().status == 303
            assert either.ask("").status == 200
            gone = sum(is_closed(connection) for connection in opened)
            assert gone >= 3 * MOST_WAITING, "of too many, the oldest went"
        before = list(either.served.said)
        for _ in range(50):
            assert either.ask("/elsewhere").status == 403
        assert either.served.said == before, "the log does not grow with them"

    def test_who_may_not_come_in_has_one_request(self, either: Browser) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", either.served.port, timeout=PATIENCE)) as connection:
            connection.request("GET", "/elsewhere")
            answer = connection.getresponse()
            assert (answer.status, answer.headers["Connection"]) == (403, "close")

    def test_what_each_screen_promises_about_who_comes_in(self, either: Browser) -> None:
        assert either.ask("").status == 403
        assert either.come_in().status == 303
        assert Browser(either.served).come_in().status == 403, "the token was used"
        assert either.ask("", Host="evil.example").status == 403
        assert either.ask("", Origin="http://evil.example").status == 403
        assert either.ask("", "POST").status == 405
        assert either.socket(Origin="http://evil.example") == 403
        assert either.ask("").headers["X-Frame-Options"] == "DENY"


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has closed it, with an answer or without."""
    connection.settimeout(0.05)
    try:
        while connection.recv(1 << 16):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


def test_a_connection_without_a_request_is_closed_after_a_while_and_one_that_came_in_is_not() -> None:
    """In one process: headers that come a byte at a time do not make it any longer."""

    async def story() -> tuple[bool, bool]:
        async def answer(_: web.BaseRequest) -> web.StreamResponse:
            return web.Response()

        room = WaitingRoom(web.Server(answer), most=2, seconds=0.3)
        listener = await asyncio.get_running_loop().create_server(room, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        slow, slow_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0)
        welcome, welcome_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.1)
        room.admit(list(room._waiting)[-1])
        for byte in b"GET / HTTP/1.1":
            slow_writer.write(bytes([byte]))
            await asyncio.sleep(0.05)
        welcome_writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        served = (await welcome.read(12)) == b"HTTP/1.1 200"
        try:
            ended = await asyncio.wait_for(slow.read(), 5) == b""
        except ConnectionError:
            ended = True
        listener.close()
        for writer in (slow_writer, welcome_writer):
            writer.close()
        return ended, served

    assert asyncio.run(story()) == (True, True)

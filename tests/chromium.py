"""Drive a real Chromium through its DevTools protocol, spoken over two pipes: no port, no library.

Messages are JSON, each ended by a NUL (``--remote-debugging-pipe``: the browser reads file descriptor 3 and writes
file descriptor 4).
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ANSWER_SECONDS: Final = 60.0
STOP_SECONDS: Final = 10.0

_NEXT_FRAME: Final = (
    "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"
)

_WITH_PIPES: Final = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
for place, end in enumerate(ends, start=3):
    os.dup2(end, place)
os.execvp(sys.argv[3], sys.argv[3:])
"""
"""Becomes the browser with its two ends where it looks for them; a shell knows file descriptors up to 9 only."""

Message = dict[str, Any]


class ChromiumError(Exception):
    """The browser refused a command, threw an exception, or said nothing for too long."""


def chromium_missing() -> str | None:
    """Return why no Chromium can run here, or None when one can."""
    return None if _executable() else "no chromium on the PATH"


def _executable() -> str | None:
    named = os.environ.get("FOOTFALL_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


@dataclass
class Pipe:
    """The two ends of a conversation with a browser. Events are kept until somebody asks for them."""

    read_end: int
    write_end: int
    events: list[Message] = field(default_factory=list)
    _rest: bytes = b""
    _last_id: int = 0

    def ask(self, method: str, session: str | None = None, /, **params: Any) -> Message:
        """Send a command and return its result."""
        self._last_id += 1
        number = self._last_id
        message = {"id": number, "method": method, "params": params} | (
            {"sessionId": session} if session else {}
        )
        _write_all(self.write_end, json.dumps(message).encode() + b"\0")
        while True:
            reply = self._next()
            if reply.get("id") != number:
                self.events.append(reply)
                continue

            if "error" in reply:
                raise ChromiumError(f"{method}: {reply['error']}")

            result: Message = reply["result"]
            return result

    def wait_for(self, method: str, session: str) -> None:
        """Wait until a session has told of an event called `method`, or return at once if it has."""
        while not any((one.get("method"), one.get("sessionId")) == (method, session) for one in self.events):
            self.events.append(self._next())

    def _next(self) -> Message:
        deadline = time.monotonic() + ANSWER_SECONDS
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self.read_end], [], [], max(0.0, deadline - time.monotonic()))
            data = os.read(self.read_end, 1 << 20) if ready else b""
            if not data:
                raise ChromiumError("the browser said nothing more")

            self._rest += data

        text, _, self._rest = self._rest.partition(b"\0")
        message: Message = json.loads(text)
        return message


@dataclass
class Page:
    """A tab with one file in it."""

    pipe: Pipe
    session: str
    has_scripts: bool = True

    def ask(self, method: str, /, **params: Any) -> Message:
        """Send a command to this tab."""
        return self.pipe.ask(method, self.session, **params)

    def events(self, method: str) -> list[Message]:
        """Return what happened so far by that name."""
        self.evaluate("0")
        mine = [event for event in self.pipe.events if event.get("sessionId") == self.session]
        return [event["params"] for event in mine if event.get("method") == method]

    def evaluate(self, expression: str) -> Any:
        """Return the JSON value of a JavaScript expression, awaited."""
        reply = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in reply:
            raise ChromiumError(str(reply["exceptionDetails"]))

        return reply["result"].get("value")

    def look(self, width: int, height: int = 900, *, scheme: str = "light", media: str = "screen") -> None:
        """Give the window a size in CSS pixels, the person a colour scheme, and the page a medium."""
        narrow = width < 700
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if narrow else 1,
            mobile=narrow,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", media=media, features=features)
        if self.has_scripts:
            self.evaluate(_NEXT_FRAME)

    def press(self, key: str) -> None:
        """Press and release a key, as a person would."""
        text = {"Enter": "\r", " ": " "}.get(key)
        code = {"Enter": 13, " ": 32, "Tab": 9}.get(key, 0)
        parts: Message = {"key": key, "windowsVirtualKeyCode": code} | ({"text": text} if text else {})
        self.ask("Input.dispatchKeyEvent", type="keyDown", **parts)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def screenshot(self, *, whole: bool = False) -> bytes:
        """Return a PNG of the window, or of the whole page."""
        reply = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return b64decode(reply["data"])


@contextmanager
def chromium(profile: Path) -> Iterator[Pipe]:
    """Run a headless browser with its data in the folder `profile`; give the pipe to it."""
    executable = _executable()
    assert executable, "ask chromium_missing first"
    to_browser, to_write = os.pipe()
    to_read, from_browser = os.pipe()
    command = [executable, *_options(profile), "about:blank"]
    process = subprocess.Popen(
        [sys.executable, "-c", _WITH_PIPES, str(to_browser), str(from_browser), *command],
        pass_fds=(to_browser, from_browser),
        env={**os.environ, "HOME": str(profile)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_browser)
    os.close(from_browser)
    try:
        yield Pipe(to_read, to_write)
    finally:
        os.close(to_write)
        os.close(to_read)
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def open_page(pipe: Pipe, file: Path, *, has_scripts: bool = True) -> Iterator[Page]:
    """Load a file in a tab of its own, with console, network and errors recorded from before it begins."""
    target = pipe.ask("Target.createTarget", url="about:blank")["targetId"]
    session = pipe.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    page = Page(pipe, session, has_scripts)
    for domain in ("Page", "Runtime", "Log", "Network"):
        page.ask(f"{domain}.enable")

    page.ask("Emulation.setScriptExecutionDisabled", value=not has_scripts)
    try:
        yield _loaded(page, file)
    finally:
        pipe.ask("Target.closeTarget", targetId=target)
        pipe.events[:] = [event for event in pipe.events if event.get("sessionId") != session]


def _loaded(page: Page, file: Path) -> Page:
    page.ask("Page.navigate", url=file.as_uri())
    page.pipe.wait_for("Page.loadEventFired", page.session)

    return page


def _options(profile: Path) -> list[str]:
    return [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-extensions",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--no-default-browser-check",
        "--hide-scrollbars",
        "--force-color-profile=srgb",
        "--remote-debugging-pipe",
        f"--user-data-dir={profile}",
    ]


def _write_all(write_end: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(write_end, left) :]

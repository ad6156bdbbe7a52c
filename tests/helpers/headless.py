"""A real headless Chromium for tests: open a page from disk, run script in it, hear its console and its requests.

Speaks the DevTools protocol through a pipe (--remote-debugging-pipe), so that nothing but the browser is needed.
"""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync "
    "--no-first-run --disable-dev-shm-usage --disable-extensions --remote-debugging-pipe"
).split()


def find_browser():
    """Path of a Chromium, or None."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Page:
    """One tab. ``console``: messages and exceptions; ``requests``: addresses of everything that was loaded."""

    def __init__(self, process, write, read):
        self.process, self.write_end, self.read_end = process, write, read
        self.buffer, self.number, self.session = b"", 0, None
        self.console, self.requests, self.loaded = [], [], 0
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        """One command and its answer; events that arrive meanwhile are noted."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        while (answer := self.receive(60)).get("id") != self.number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def receive(self, patience):
        deadline = time.monotonic() + patience
        while b"\0" not in self.buffer:
            if not select.select([self.read_end], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            self.buffer += os.read(self.read_end, 1 << 20)
        head, _, self.buffer = self.buffer.partition(b"\0")
        message = json.loads(head)
        self.note(message.get("method"), message.get("params", {}))
        return message

    def note(self, event, params):
        if event == "Runtime.exceptionThrown":
            self.console.append(json.dumps(params["exceptionDetails"]))
        elif event == "Runtime.consoleAPICalled":
            self.console.append(f"{params['type']}: {params['args']}")
        elif event == "Log.entryAdded":
            self.console.append(
                f"{params['entry']['level']}: {params['entry']['text']} {params['entry'].get('url', '')}"
            )
        elif event == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif event == "Page.loadEventFired":
            self.loaded += 1

    def open(self, path, width=1400, height=1000, dark=False, fragment=""):
        """Load a file and wait until it has finished loading."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = "dark" if dark else "light"
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        for url in ("about:blank", f"file://{path}{fragment}"):
            before = self.loaded
            self.call("Page.navigate", url=url)
            while self.loaded == before:
                self.receive(60)

    def forget(self):
        """Leave the present page, wait for what it still asked for, and begin new lists of messages and requests."""
        before = self.loaded
        self.call("Page.navigate", url="about:blank")
        while self.loaded == before:
            self.receive(60)
        self.console.clear()
        self.requests.clear()

    def run(self, script):
        """Value of a JavaScript expression in the page (promises are awaited)."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:600])
        return answer["result"].get("value")

    def press(self, key, text="", up=True):
        """Press a key; ``up``: release it too."""
        for kind in ("keyDown", "keyUp") if up else ("keyDown",):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, text=text if kind == "keyDown" else "",
                      windowsVirtualKeyCode={"Enter": 13, "Tab": 9, "ArrowRight": 39, "ArrowDown": 40, "+": 187, "t": 84}[key])  # fmt: skip

    def click(self, x, y, shift=False):
        self.drag((x, y), (x, y), shift)

    def drag(self, start, end, shift=False):
        """Press the left button at one place, move, and release it at another."""
        held = {"button": "left", "clickCount": 1, "modifiers": 8 if shift else 0}
        self.call("Input.dispatchMouseEvent", type="mousePressed", x=start[0], y=start[1], **held)
        if start != end:
            self.call("Input.dispatchMouseEvent", type="mouseMoved", x=end[0], y=end[1], buttons=1, **held)
        self.call("Input.dispatchMouseEvent", type="mouseReleased", x=end[0], y=end[1], **held)

    def picture(self, path, full=True):
        """Save what the page looks like as PNG."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=full)["data"]
        with open(path, "wb") as stream:
            stream.write(base64.b64decode(data))


@contextlib.contextmanager
def browser(path):
    """A Page of a fresh browser with a profile of its own; the browser ends with the block."""
    to_child, write_end = os.pipe()
    read_end, from_child = os.pipe()

    def wire():
        spare = [os.dup(fd) for fd in (to_child, from_child)]
        os.dup2(spare[0], 3)
        os.dup2(spare[1], 4)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [path, *FLAGS, f"--user-data-dir={profile}"], preexec_fn=wire, close_fds=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_child)
        os.close(from_child)
        page = Page(process, write_end, read_end)
        try:
            yield page
        finally:
            with contextlib.suppress(Exception):
                page.session = None
                page.call("Browser.close")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            os.close(write_end)
            os.close(read_end)


def centre(tab, selector):
    """Middle of an element in the window, scrolled into view."""
    return tab.run(
        f"(() => {{ const e = document.querySelector({selector!r}); e.scrollIntoView({{block: 'center'}});"
        "const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
    )


def wait_for(tab, condition):
    tab.run(
        "new Promise((done, failed) => { let n = 0; const t = setInterval(() => {"
        f"if ({condition}) {{ clearInterval(t); done(true); }} else if (++n > 200) failed('waited in vain'); }}, 20); }})"
    )

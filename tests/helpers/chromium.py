"""A real Chromium, driven over its own protocol: no driver and no package beside websocket-client."""

import base64
import json
import shutil
import subprocess
import time
from contextlib import contextmanager
from itertools import count

import websocket

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
    "--remote-allow-origins=*", "--hide-scrollbars",
)  # fmt: skip


class Browser:
    """One tab of a Chromium without a screen; what the page asked for and complained of is kept."""

    def __init__(self, folder, width=1280, height=900):
        self.folder, self.numbers, self.events = folder, count(1), []
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        told = folder / "profile" / "DevToolsActivePort"
        end = time.monotonic() + 30
        while not (told.is_file() and told.read_text().count("\n")) and time.monotonic() < end:
            time.sleep(0.05)
        port, path = told.read_text().split()
        self.socket = websocket.create_connection(f"ws://127.0.0.1:{port}{path}", timeout=20)
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = None
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")
        self.downloads = folder / "downloads"
        self.send("Page.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads))
        self.resize(width, height)

    def send(self, method, **parameters):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        if getattr(self, "session", None):
            message["sessionId"] = self.session
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    @contextmanager
    def frame(self, part):
        """Work in the frame whose address holds `part`: one without an origin has a process of its own."""
        end, found = time.monotonic() + 60, []
        while not found and time.monotonic() < end:
            targets = self.send("Target.getTargets")["targetInfos"]
            found = [t["targetId"] for t in targets if t["type"] == "iframe" and part in t["url"]]
        page = self.session
        self.session = self.send("Target.attachToTarget", targetId=found[0], flatten=True)["sessionId"]
        for domain in ("Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")
        yield
        self.session = page

    def resize(self, width, height):
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
            mobile=False,
        )  # fmt: skip

    def open(self, address):
        """Go to a page and wait until it has been read; what it then begins may still be under way."""
        seen = len(self.events)
        self.send("Page.navigate", url=address)
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events[seen:]):
            self.events.append(json.loads(self.socket.recv()))

    def run(self, script):
        """Run a script, wait for what it promises, and return its value."""
        said = self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def wait(self, script, seconds=30):
        """Wait until a script is true; return its value."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := self.run(script):
                return value
            time.sleep(0.05)
        raise AssertionError(f"never true: {script}")

    def mouse(self, kind, x, y, buttons=0, modifiers=0):
        self.send(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left" if buttons or kind != "mouseMoved"
            else "none", buttons=buttons, clickCount=1, modifiers=modifiers,
        )  # fmt: skip

    def drag(self, start, end, modifiers=0):
        """Draw a box; `modifiers` as the protocol has them: 8 is Shift."""
        self.mouse("mouseMoved", *start, 0, modifiers)
        self.mouse("mousePressed", *start, 1, modifiers)
        for share in (0.3, 0.6, 1.0):
            at = [a + share * (b - a) for a, b in zip(start, end, strict=True)]
            self.mouse("mouseMoved", *at, 1, modifiers)
        self.mouse("mouseReleased", *end, 0, modifiers)

    def picture(self, path, whole=False):
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))

    def complaints(self, since=0):
        """What went wrong: errors of the console, exceptions, requests that left the page."""
        kept = []
        for event in self.events[since:]:
            method, told = event.get("method"), event.get("params", {})
            wrong = method == "Runtime.exceptionThrown"
            wrong |= method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert")
            wrong |= method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning")
            if wrong:
                kept.append(json.dumps(told.get("args") or told)[:700])
            if method == "Network.requestWillBeSent":
                address = told["request"]["url"]
                kept += [] if address.startswith(("file:", "data:", "blob:", "about:")) else [address]
        return kept

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(20)


def enter(browser, selector, value, kind="input"):
    """Put a value into a field, as somebody who types or chooses would."""
    browser.run(
        f"(() => {{ const field = document.querySelector({selector!r}); field.value = {value!r};"
        f" field.dispatchEvent(new Event({kind!r}, {{ bubbles: true }})); }})()"
    )

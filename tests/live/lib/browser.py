# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's Chromium, asked through its chromedriver (W3C WebDriver). As a module:

    with browser.Browser(width=1280, height=900, dark=False) as b:
        b.open("http://127.0.0.1:9979/")
        b.until("return document.title", lambda t: "stray" in t)
"""
import base64, json, shutil, socket, subprocess, tempfile, time, urllib.request


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Browser:
    def __init__(self, width=1280, height=900, dark=False):
        self.size, self.dark = (width, height), dark

    def __enter__(self):
        self.home = tempfile.mkdtemp()
        self.port = free_port()
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin", "HOME": self.home})
        args = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                f"--user-data-dir={self.home}/profile", "--window-size=%d,%d" % self.size]
        if self.dark:
            args.append("--blink-settings=preferredColorScheme=0")
        want = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": args}, "goog:loggingPrefs": {"browser": "ALL"}}}}
        for _ in range(100):
            try:
                self.session = None
                self.session = self.ask("POST", "", want)["sessionId"]
                return self
            except (OSError, RuntimeError) as e:
                error = e
                time.sleep(0.3)
        raise RuntimeError(f"Chromium does not start: {error}")

    def __exit__(self, *_):
        try:
            self.ask("DELETE", "")
        except (OSError, RuntimeError):
            pass
        self.driver.terminate()
        self.driver.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def ask(self, method, what, body=None):
        url = f"http://127.0.0.1:{self.port}/session" + (f"/{self.session}" if self.session else "") + what
        data = None if body is None and method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            raise RuntimeError(e.read().decode()[:300])

    def open(self, url):
        self.ask("POST", "/url", {"url": url})

    def run(self, script, *args):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(args)})

    def until(self, script, good, seconds=40):
        for _ in range(seconds * 5):
            value = self.run(script)
            if good(value):
                return value
            time.sleep(0.2)
        return value

    def keys(self, text):
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "k", "actions": [
            a for c in text for a in ({"type": "keyDown", "value": c}, {"type": "keyUp", "value": c})]}]})

    def element(self, css):
        return list(self.ask("POST", "/element", {"using": "css selector", "value": css}).values())[0]

    def role(self, css):
        return self.ask("GET", f"/element/{self.element(css)}/computedrole")

    def label(self, css):
        return self.ask("GET", f"/element/{self.element(css)}/computedlabel")

    def log(self):
        return self.ask("POST", "/se/log", {"type": "browser"})

    def picture(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.ask("GET", "/screenshot")))

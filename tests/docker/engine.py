"""The engine, the compose file's services and a load, for engine_checks.py."""

import http.client
import json
import os
import resource
import ssl
import subprocess
import threading
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DOCKER = PROJECT / "docker"
FILES = ["--file", str(DOCKER / "compose.yaml")]
LOG = Path("/root/engine.log")
TRUST_ANY = ssl._create_unverified_context()


# Where this machine allows fewer open files than the compose file asks for, no engine can give them.
FILES_MAX = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
if 0 < FILES_MAX < 65536:
    lower = {name: {"ulimits": {"nofile": FILES_MAX}} for name in ("worker", "relief", "nginx")}
    Path("/tmp/lower.yaml").write_text(json.dumps({"services": lower}))
    FILES += ["--file", "/tmp/lower.yaml"]
COMPOSE = ["docker", "compose", *FILES]


class Failed(Exception):
    pass


def run(*words, check=True, env=None):
    """What the command says; on failure an error with all of it."""
    done = subprocess.run([str(each) for each in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env={**os.environ, **(env or {})}, check=False)  # fmt: skip
    with LOG.open("a") as log:
        log.write(f"==> {' '.join(map(str, words))}\n{done.stdout}\n")
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout.strip() if check else done


def compose(*words, **options):
    return run(*COMPOSE, *words, **options)


def wait_for(condition, what, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.1)


def container(service):
    return json.loads(run("docker", "inspect", f"tasklane-{service}-1"))[0]


def health(service):
    return container(service)["State"].get("Health", {}).get("Status")


def answer(method, url, token=None, body=None, port=8443):
    """(status, headers, body) of one request on a connection of its own."""
    kind = http.client.HTTPSConnection if port == 8443 else http.client.HTTPConnection
    connection = kind("localhost", port, timeout=15, **({"context": TRUST_ANY} if port == 8443 else {}))
    headers = {"Content-Type": "application/json"} if body else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request(method, url, body, headers)
        got = connection.getresponse()
        return got.status, {name.lower(): value for name, value in got.getheaders()}, got.read().decode()
    except (OSError, http.client.HTTPException) as error:
        return 0, {}, str(error)
    finally:
        connection.close()


def is_ready():
    return answer("GET", "/readyz")[0] == 200


def token(user):
    return compose("exec", "-T", "worker", "tasklane", "token", "--sub", user).splitlines()[-1]


class Engine:
    """dockerd, as an init system would start and stop it."""

    process = None

    def start(self):
        with Path("/root/dockerd.log").open("ab") as log:
            self.process = subprocess.Popen(["dockerd", "--cgroup-parent=/tasklane-try"], stdout=log, stderr=log)
        wait_for(lambda: run("docker", "info", check=False).returncode == 0, "the engine answers")

    def stop(self):
        self.process.terminate()
        self.process.wait(120)


class Load:
    """Requests on kept connections, half of them writes, until it is closed: `counts` by status, 0 for no answer."""

    def __init__(self, token_of_user, connections=16):
        self.token, self.counts, self.over = token_of_user, {}, threading.Event()
        self.lock, self.failures = threading.Lock(), []
        self.threads = [threading.Thread(target=self.ask) for _ in range(connections)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        wait_for(lambda: self.total > 200, "the load runs")
        return self

    def __exit__(self, *_):
        so_far = self.total
        wait_for(lambda: self.total > so_far + 200, "the load goes on")
        self.over.set()
        for thread in self.threads:
            thread.join()

    @property
    def total(self):
        return sum(self.counts.values())

    @property
    def failed(self):
        return sum(number for status, number in self.counts.items() if status not in (200, 201, 204))

    def ask(self):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection, mine = None, None
        while not self.over.is_set():
            connection = connection or http.client.HTTPSConnection("localhost", 8443, timeout=30, context=TRUST_ANY)
            request = ("DELETE", f"/api/tasks/{mine}", None) if mine else ("POST", "/api/tasks", '{"title": "load"}')
            for method, url, body in (request, ("GET", "/api/tasks?limit=5", None)):
                try:
                    connection.request(method, url, body, headers)
                    got = connection.getresponse()
                    status, text = got.status, got.read().decode()
                except (OSError, http.client.HTTPException) as error:
                    status, text = 0, repr(error)
                    connection.close()
                    connection = http.client.HTTPSConnection("localhost", 8443, timeout=30, context=TRUST_ANY)
                if method == "POST" and status == 201:
                    mine = json.loads(text)["id"]
                elif method == "DELETE":
                    mine = None
                with self.lock:
                    self.counts[status] = self.counts.get(status, 0) + 1
                    if status not in (200, 201, 204):
                        self.failures.append(f"{method} {status} {text[:200]}")

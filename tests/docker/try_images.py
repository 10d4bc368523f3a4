#!/usr/bin/python3
"""Runs the steps of docker/*.Dockerfile without a container engine, starts the results as docker/compose.yaml says (users,
read-only roots, the master as process 1, secrets as files, shared socket, Postgres 17), and checks them over TLS with their own
health checks and scripts/verify. Needs root, debootstrap, curl, jq and the network, and some minutes.

Usage: tests/docker/try_images.py [--cache DIR] [--keep]"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((PROJECT / "docker/compose.yaml").read_text())["services"]
URL, ORIGIN = "https://127.0.0.1:8443", "https://app.example.com"
PAGE = "https://localhost:8443"
GIVEN = {"CORS_ORIGINS": ORIGIN}  # as if in docker/.env

# In namespaces of its own: the root read-only, and what a container gets mounted over it.
ENTER = """
set -e
root=$1 work=$2; shift 2
mount --bind "$root" "$root"
mount -o "remount,bind,$MODE" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$work/secrets" "$root/run/secrets"
[ ! -d "$root/run/tasklane" ] || mount --bind "$work/fastcgi" "$root/run/tasklane"
[ ! -d "$root/run/nginx" ] || mount -t tmpfs -o uid=10002,gid=10001,mode=0750 tmpfs "$root/run/nginx"
exec "$@"
"""


def wait_for(condition, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"FAIL  {what}")
        time.sleep(0.1)
    print(f"ok    {what}", flush=True)


def check(condition, what):
    wait_for(lambda: condition, what, 0)


class Container:
    def __init__(self, work, image, service=None, writable=False):
        self.root, self.work, self.name = work / image, work, service or image
        self.image = json.loads((work / f"{image}.json").read_text())
        self.service = COMPOSE.get(service, {})
        self.mode = "rw" if writable or not self.service.get("read_only") else "ro"
        self.log = work / f"{self.name}.log"

    def environment(self):
        """The image's, then the compose file's with its ${NAME:-default}."""
        given = {name: str(value) for name, value in self.service.get("environment", {}).items()}
        for name, value in given.items():
            if value.startswith("${"):
                variable, _, default = value[2:-1].partition(":-")
                given[name] = GIVEN.get(variable, default)
        return [f"{name}={value}" for name, value in {**self.image["environment"], **given}.items()]

    def command(self, *words, user=None):
        within = ["env", "-i", f"--chdir={self.image['folder']}", *self.environment(), *words]
        return ["chroot", f"--userspec={user or self.image['user']}", str(self.root), *within]

    def start(self, *words, user=None):
        words = words or self.service.get("entrypoint") or self.image["ENTRYPOINT"]
        self.log.touch(0o666)
        self.log.chmod(0o666)  # its user opens /dev/stdout anew
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "sh", self.root, self.work,
                 *self.command(*words, user=user)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "MODE": self.mode},
            )  # fmt: skip
        return self

    def wait(self, seconds=60):
        return self.process.wait(seconds)

    @property
    def first(self):
        """Its process 1, as seen from here; None before there is one."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0]) if children else None

    def execute(self, *words, user=None):
        if self.first is None:
            return subprocess.CompletedProcess(words, 1, "", "")
        enter = ["nsenter", "--target", str(self.first), "--mount", "--pid"]
        return subprocess.run([*enter, *self.command(*words, user=user)], capture_output=True, text=True, check=False)

    def is_healthy(self):
        command = self.image["HEALTHCHECK"].partition(" CMD ")[2]
        return self.execute("/bin/sh", "-c", command).returncode == 0

    def status(self, name):
        lines = Path(f"/proc/{self.first}/status").read_text().splitlines()
        return next(line.split()[1:] for line in lines if line.startswith(f"{name}:"))

    def stop(self, number):
        os.kill(self.first, number)
        return self.wait(60)


def start_postgres(work):
    postgres = Container(work, "postgres", writable=True)
    password = (work / "secrets/owner_password").read_text().strip()
    (work / "postgres/root/password").write_text(password)
    (work / "postgres/root").chmod(0o755)
    prepare = "initdb --username=tasklane_owner --pwfile=/root/password --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >/dev/null"
    if Container(work, "postgres", writable=True).start("sh", "-c", prepare, user="postgres").wait() != 0:
        raise SystemExit(f"FAIL  initdb\n{postgres.log.read_text()}")
    postgres.start("postgres", "-c", "listen_addresses=127.0.0.1", user="postgres")
    owner = ["env", f"PGPASSWORD={password}", "POSTGRES_USER=tasklane_owner", "POSTGRES_DB=tasklane"]
    ready = lambda: postgres.execute("pg_isready", "--quiet", user="postgres").returncode == 0  # noqa: E731
    wait_for(ready, "Postgres is ready")
    postgres.execute(*owner, "createdb", "--username=tasklane_owner", "tasklane", user="postgres")
    shutil.copy2(PROJECT / "docker/make-roles", work / "postgres/usr/local/bin/")
    made = postgres.execute(*owner, "make-roles", user="postgres")
    check(made.returncode == 0, f"make-roles makes the roles {made.stderr}")
    return postgres


def try_them(work):
    postgres = start_postgres(work)
    migrate = Container(work, "worker", "migrate").start()
    check(migrate.wait() == 0, f"the migration succeeds: {migrate.log.read_text().splitlines()[-1]}")
    worker = Container(work, "worker", "worker").start()
    wait_for(worker.is_healthy, "the worker's health check passes")
    check(worker.status("NSpid")[-1] == "1", "the master is process 1")
    check(worker.status("Uid")[0] == "10001" and int(worker.status("CapEff")[0], 16) == 0, "it is user 10001, without capabilities")
    check(worker.execute("touch", "/etc/written").returncode != 0, "its root is read-only")
    for _ in range(2):
        tables = Container(work, "web", "migrate-web").start()
        check(tables.wait() == 0, f"Better Auth's migration succeeds: {tables.log.read_text().splitlines()[-1]}")
    web = Container(work, "web", "web").start()
    wait_for(web.is_healthy, "the web app's health check passes")
    check(web.status("Uid")[0] == "10003" and int(web.status("CapEff")[0], 16) == 0, "it is user 10003, without capabilities")
    check(web.execute("touch", "/app/written").returncode != 0, "its root is read-only")
    nginx = Container(work, "nginx", "nginx").start()
    wait_for(nginx.is_healthy, "nginx's health check passes: /readyz over TLS")
    check(nginx.status("Uid")[0] == "10002" and int(nginx.status("CapEff")[0], 16) == 0, "nginx is user 10002, without capabilities")
    tokens = [worker.execute("tasklane", "token", "--sub", user).stdout.strip() for user in ("alice", "bob")]
    verify = [PROJECT / "scripts/verify", "--url", URL, "--insecure", "--origin", ORIGIN, "--token", tokens[0], "--token", tokens[1]]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    check(done.returncode == 0, f"scripts/verify: {said.strip().splitlines()[-1] if done.returncode == 0 else said}")
    together = [PROJECT / "scripts/verify", "--frontend", "--url", PAGE, "--insecure"]
    done = subprocess.run(together, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    check(done.returncode == 0, f"scripts/verify --frontend: {said.strip().splitlines()[-1] if done.returncode == 0 else said}")
    page = subprocess.run(["curl", "-sk", f"{PAGE}/sign-in"], capture_output=True, text=True, check=False).stdout
    static = re.search(r"/_next/static/[^\"]+\.js", page).group()
    kept = subprocess.run(["curl", "-skI", PAGE + static], capture_output=True, text=True, check=False).stdout
    check("immutable" in kept and " 200" in kept, "static files are served for ever cacheable, from the web app")
    check("EROFS" not in web.log.read_text(), "the web app never tries to write into its root")
    os.kill(worker.first, signal.SIGHUP)
    wait_for(lambda: '"generation":2' in worker.log.read_text() and nginx.is_healthy(), "it serves after a reload")
    check('"status":"200"' in nginx.log.read_text(), "nginx logs to its standard output")
    check(worker.stop(signal.SIGTERM) == 0, "the master drains and exits 0 at SIGTERM")
    check(nginx.stop(signal.SIGQUIT) == 0, "nginx exits 0 at SIGQUIT")
    check(web.stop(signal.SIGTERM) in (0, 143), "the web app ends at SIGTERM")
    postgres.stop(signal.SIGINT)


def build(work, cache):
    for image, dockerfile in (
        ("worker", "docker/worker.Dockerfile"),
        ("nginx", "docker/nginx.Dockerfile"),
        ("web", "docker/web.Dockerfile"),
        ("postgres", "tests/docker/postgres.Dockerfile"),
    ):
        print(f"==> {dockerfile}", flush=True)
        with (work / f"{image}-build.log").open("wb") as log:
            command = [PROJECT / "tests/docker/run_dockerfile.py", PROJECT / dockerfile, work / image, "--cache", cache]
            if subprocess.run(command, stdout=log, stderr=log, check=False).returncode != 0:
                raise SystemExit((work / f"{image}-build.log").read_text()[-3000:])
        (work / image / "run/secrets").mkdir()
        (work / image / "etc/hosts").write_text("127.0.0.1 localhost postgres web\n")
    subprocess.run([PROJECT / "docker/make-secrets", "--out", work / "secrets"], check=True)
    for name in ("api_password", "auth_password", "auth_owner_password"):
        (work / "secrets" / name).chmod(0o444)  # its owner has another number here than in the postgres image
    (work / "fastcgi").mkdir()
    shutil.copystat(work / "worker/run/tasklane", work / "fastcgi")
    os.chown(work / "fastcgi", 10001, 10001)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=Path("/var/cache/tasklane-tests"))
    parser.add_argument("--keep", action="store_true", help="keep the trees and logs")
    parser.add_argument("--built", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.built:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return try_them(arguments.built)
    arguments.cache.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="images-", dir=arguments.cache))
    work.chmod(0o755)
    try:
        build(work, arguments.cache)
        # A network of its own, so that the ports are free; everything ends with process 1 of the namespace.
        command = ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable, __file__]
        return subprocess.run([*command, "--built", work], check=False).returncode
    finally:
        if arguments.keep:
            print(f"kept {work}")
        else:
            shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(main())

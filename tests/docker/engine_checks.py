#!/usr/bin/python3
"""Runs docker/ in a real engine, as docker/README.md says. tests/docker/try-engine starts it, in a Debian of its own.

Usage: engine_checks.py [STEP…]     (default: all steps, in their order)"""

import re
import sys
import time
from pathlib import Path

from engine import DOCKER, FILES, LOG, PROJECT, Engine, Failed, Load, answer, compose, container, health, is_ready, run, token, wait_for

OURS = {"worker": "10001", "web": "10003", "nginx": "10002"}
SERVING = ["postgres", *OURS]
ORIGIN = "https://app.example.com"
engine = Engine()
passed = []


def check(condition, what):
    if not condition:
        raise Failed(what)
    passed.append(what)
    print(f"ok    {what}", flush=True)


def verify(*words):
    return run(PROJECT / "scripts/verify", "--url", "https://localhost:8443", "--insecure", *words).splitlines()[-1]


def start():
    engine.start()
    print(f"      {run('docker', 'version', '--format', 'engine {{.Server.Version}}')}, {run('docker', 'compose', 'version')}")
    if not run("docker", "images", "--quiet", "postgres:17"):
        run("docker", "import", "/root/debian.tar", "debian:13-slim")
        run("docker", "build", "--tag", "postgres:17", "--file", PROJECT / "tests/docker/postgres.Dockerfile", PROJECT / "tests/docker")
    check(run("docker", "images", "--quiet", "postgres:17"), "the engine runs; debian:13-slim and postgres:17 are there")


def secrets():
    said = compose("config", check=False)
    check(said.returncode != 0 and "docker/make-secrets" in said.stdout, "without secrets compose names the command that makes them")
    run(DOCKER / "make-secrets")
    with (DOCKER / ".env").open("a") as settings:
        settings.write(f"CORS_ORIGINS={ORIGIN}\n")
    compose("config", "--quiet")
    check((DOCKER / "secrets/database_url").stat().st_uid == 10001, "make-secrets gives each secret to its user")


def build():
    began = time.monotonic()
    compose("build")
    sizes = ", ".join(run("docker", "images", "--format", "{{.Repository}} {{.Size}}", "tasklane-*:1.0.0").splitlines())
    check(True, f"all images are built from nothing in {time.monotonic() - began:.0f} s: {sizes}")
    for name in OURS:
        image = f"tasklane-{name}:1.0.0"
        within = run("docker", "run", "--rm", "--user", "0", "--entrypoint", "find", image, "/", "-xdev", "-name", "*.deb")
        check(not within, f"{image} has no package file in it")
        label = run("docker", "inspect", "--format", '{{index .Config.Labels "org.opencontainers.image.version"}}', image)
        check(label == "1.0.0", f"{image} says its version")


def again():
    """A changed document compiles nothing and installs nothing from the network."""
    with (PROJECT / "docs/LIMITS.md").open("a") as page:
        page.write("\nAnother line.\n")
    began = time.monotonic()
    said = run("docker", "build", "--progress", "plain", "--file", DOCKER / "worker.Dockerfile", PROJECT)
    compiled = set(re.findall(r"Building CXX object (\S+)", said)) - {"app/CMakeFiles/tasklane.dir/cli_main.cpp.o"}  # built behind it
    downloaded = re.findall(r"Get:\d+ http\S+ \S+/main \S+ (?!Packages)(\S+)", said)
    check(not compiled and not downloaded, f"a changed document compiles nothing and downloads no package: {time.monotonic() - began:.0f} s")


def up():
    began = time.monotonic()
    compose("up", "--detach", "--wait")
    check(is_ready(), f"`up --wait` returns when it is ready: {time.monotonic() - began:.0f} s")
    for name in SERVING:
        check(health(name) == "healthy", f"{name} is healthy")
    for name, user in OURS.items():
        status = Path(f"/proc/{container(name)['State']['Pid']}/status").read_text()
        uid, capabilities = (re.search(rf"^{each}:\s+(\S+)", status, re.MULTILINE)[1] for each in ("Uid", "CapEff"))
        check(uid == user and int(capabilities, 16) == 0, f"{name} is user {user}, without capabilities")
        touched = compose("exec", "-T", name, "touch", "/usr/written", check=False)
        check(touched.returncode != 0 and "Read-only" in touched.stdout, f"{name}'s root is read-only")


def serve():
    tokens = [word for user in ("alice", "bob") for word in ("--token", token(user))]
    check(True, f"scripts/verify: {verify('--origin', ORIGIN, *tokens)}")
    check(True, f"sign-up, scripts/verify --frontend: {verify('--frontend')}")
    static = re.search(r"/_next/static/[^\"]+\.js", answer("GET", "/sign-in")[2])[0]
    check("immutable" in answer("GET", static)[1]["cache-control"], "static files come from the web app, for browsers to keep")
    check("EROFS" not in compose("logs", "web"), "the web app never tries to write to its root")
    check('"status":"200"' in compose("logs", "nginx"), "nginx logs to its standard output")
    reach = "exec 3<>/dev/tcp/postgres/5432"
    check(compose("exec", "-T", "nginx", "bash", "-c", reach, check=False).returncode != 0, "nginx cannot reach Postgres")
    check(compose("exec", "-T", "web", "bash", "-c", reach, check=False).returncode == 0, "the web app can")


def operators():
    """/metrics from the host, and maintenance for everybody else."""
    gateway = run("docker", "network", "inspect", "tasklane_front", "--format", "{{range .IPAM.Config}}{{.Gateway}}{{end}}")
    with (DOCKER / ".env").open("a") as settings:
        settings.write(f"OPERATIONS_LISTEN=0.0.0.0:8082\nOPERATIONS_ALLOW={gateway}\n")
    compose("up", "--detach", "--wait")
    check("tasklane_" in answer("GET", "/metrics", port=8082)[2], "the host reads /metrics on its loopback")
    guest = ["docker", "run", "--rm", "--network", "tasklane_front", "--entrypoint", "curl", "tasklane-nginx:1.0.0", "-sk"]
    check("403" in run(*guest, "-w", "%{http_code}", "http://nginx:8082/metrics"), "another container may not")
    ask = [*guest, "--connect-to", "localhost:8443:nginx:8443", "https://localhost:8443/api/tasks"]
    compose("exec", "-T", "worker", "tasklane", "maintenance", "on")
    check('"maintenance"' in run(*ask), "`tasklane maintenance on` in the worker's container closes the site")
    compose("up", "--detach", "--wait", "--no-deps", "--force-recreate", "nginx")
    check(health("nginx") == "healthy", "which outlives a new container of nginx, and is no failure of its health")
    compose("exec", "-T", "worker", "tasklane", "maintenance", "off")
    check('"authentication_error"' in run(*ask), "and `off` opens it")


def reload():
    with Load(token("load")) as load:
        for _ in range(3):
            compose("exec", "-T", "worker", "tasklane", "reload", "--wait")
    check(load.failed == 0, f"3 reloads under load: {load.failed} of {load.total} requests failed {load.failures[:3]}")


def roll():
    before = container("worker")["Id"]
    with Load(token("load")) as load:
        for _ in range(2):
            run(DOCKER / "roll-workers", *FILES)
    check(container("worker")["Id"] != before, "docker/roll-workers makes the workers' container anew")
    check(load.failed == 0, f"2 new containers of workers under load: {load.failed} of {load.total} requests failed {load.failures[:3]}")
    check(run("docker", "ps", "--all", "--quiet", "--filter", "name=relief") == "", "the other container is gone")


def upgrade():
    """The recipe of docker/README.md, to another version's tag of the same sources and back."""
    with Load(token("load")) as load:
        for step in (["build"], ["run", "--rm", "migrate"], ["run", "--rm", "migrate-web"]):
            compose(*step, env={"TASKLANE_VERSION": "1.0.1"})
        run(DOCKER / "roll-workers", *FILES, env={"TASKLANE_VERSION": "1.0.1"})
        check(container("worker")["Config"]["Image"] == "tasklane-worker:1.0.1", "an upgrade's workers have the new image")
        run(DOCKER / "roll-workers", *FILES)
        check(container("worker")["Config"]["Image"] == "tasklane-worker:1.0.0", "and a rollback's the old one")
    check(load.failed == 0, f"migrations, upgrade and rollback of the workers: {load.failed} of {load.total} requests failed {load.failures[:3]}")


def web_away():
    """The web app away, nginx started without it, the web app back at another address."""
    before = address("web")
    compose("stop", "web")
    run("docker", "run", "--detach", "--rm", "--name", "squatter", "--network", "tasklane_front", "--entrypoint", "sleep",
        "tasklane-worker:1.0.0", "600")  # fmt: skip
    compose("up", "--detach", "--wait", "--no-deps", "--force-recreate", "nginx")
    check(health("nginx") == "healthy" and is_ready(), "nginx starts and serves the API while the web app does not resolve")
    status, headers, _ = answer("GET", "/sign-in")
    check(status == 503 and "text/html" in headers["content-type"], "its pages are 503 with a page that says so")
    compose("up", "--detach", "--wait", "--no-deps", "web")
    wait_for(lambda: answer("GET", "/sign-in")[0] == 200, "pages are served again", 30)
    check(address("web") != before, "the web app comes back at another address, and nginx follows")
    run("docker", "rm", "--force", "squatter")


def address(service):
    return container(service)["NetworkSettings"]["Networks"]["tasklane_front"]["IPAddress"]


def looked_at_since(service, moment):
    """Its health was asked since then: three times, as many as make it unhealthy."""
    return sum(each["Start"] > moment for each in container(service)["State"]["Health"]["Log"]) >= 3


def database():
    compose("stop", "postgres")
    moment = run("date", "--utc", "+%FT%T")
    wait_for(lambda: answer("GET", "/readyz")[0] == 503, "/readyz says 503")
    check(answer("GET", "/api/tasks", token("alice"))[0] == 503, "without the database the API answers 503")
    wait_for(lambda: all(looked_at_since(name, moment) for name in OURS), "three health checks")
    check(all(health(name) == "healthy" for name in OURS), "a database outage makes no other container unhealthy")
    compose("start", "postgres")
    wait_for(is_ready, "/readyz says yes again")
    check(answer("GET", "/api/tasks", token("alice"))[0] == 200, "it serves again when the database is back")


def engine_restart():
    engine.stop()
    engine.start()
    wait_for(lambda: all(health(name) == "healthy" for name in SERVING), "all are healthy")
    wait_for(is_ready, "/readyz says yes")
    tokens = [word for user in ("alice", "bob") for word in ("--token", token(user))]
    check(True, f"after a restart of the engine all are healthy; scripts/verify: {verify('--origin', ORIGIN, *tokens)}")


def ports():
    """443 and 80 on the host, 8443 and 8080 in the container."""
    settings = {"HTTPS_PORT": "443", "HTTP_PORT": "80", "BETTER_AUTH_URL": "https://tasks.example.com", "SERVER_NAME": "tasks.example.com"}
    compose("up", "--detach", "--wait", env=settings)
    said = run("curl", "--silent", "--head", "--resolve", "tasks.example.com:80:127.0.0.1", "http://tasks.example.com/sign-in?a=1")
    check("Location: https://tasks.example.com/sign-in" in said, "with HTTPS_PORT=443 port 80 leads to the page's origin, without a port")
    compose("up", "--detach", "--wait")


def down():
    compose("stop")
    codes = {name: container(name)["State"]["ExitCode"] for name in SERVING}
    check(all(code in (0, 143) for code in codes.values()), f"all end by themselves when they are stopped: exit codes {codes}")
    compose("up", "--detach", "--wait")
    check(is_ready(), "and start again, with the data that they had")
    compose("down", "--volumes")
    check(run("docker", "ps", "--all", "--quiet") == "", "`down` leaves no container")
    engine.stop()


STEPS = [start, secrets, build, up, serve, operators, reload, roll, upgrade, web_away, database, engine_restart, ports, again, down]


def main():
    names = sys.argv[1:]
    try:
        for step in STEPS:
            if not names or step.__name__ in names:
                print(f"==> {step.__name__}", flush=True)
                step()
    except Failed as error:
        print(f"FAIL  {error}\n{len(passed)} checks passed before; {LOG} has all output", flush=True)
        return 1
    print(f"{len(passed)} of {len(passed)} checks passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())

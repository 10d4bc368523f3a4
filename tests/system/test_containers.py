"""docker/ as far as it can be read without an engine. tests/docker/try-engine runs it in one."""

import fnmatch
import re
import subprocess

import pytest
import yaml

from harness.stack import PROJECT

DOCKER = PROJECT / "docker"
DOCKERFILES = sorted(DOCKER.glob("*.Dockerfile"))
SERVING = ["worker", "web", "nginx"]
OURS = ["migrate", "worker", "relief", "migrate-web", "web", "nginx"]
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
SECRET_NAMES = {"DATABASE_URL", "DATABASE_URL_DIRECT", "BETTER_AUTH_SECRET"}
NAMES = {
    name: set(re.findall(r"^#?([A-Z_]+)=", (PROJECT / path).read_text(), re.MULTILINE))
    for name, path in (("worker", ".env.example"), ("web", "frontend/.env.example"))
}


def stages(path):
    """[(name, base, [(word, rest)])], with continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.MULTILINE))
    found = []
    for word, rest in (line.split(None, 1) for line in text.splitlines() if line.strip()):
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append((name, base, []))
        else:
            found[-1][2].append((word, rest))
    return found


def is_hidden(name):
    """By .dockerignore: the build may not see it."""
    hidden = False
    for rule in (PROJECT / ".dockerignore").read_text().splitlines():
        pattern = rule.removeprefix("!")
        if not rule.startswith("#") and (fnmatch.fnmatch(name, pattern) or name.startswith(f"{pattern}/")):
            hidden = not rule.startswith("!")
    return hidden


def default(text):
    """What the compose file's ${NAME:-default} is without the name."""
    while (inner := re.sub(r"\$\{\w+:-([^${}]*)\}", r"\1", text)) != text:
        text = inner
    return text


def test_there_are_images_of_the_workers_of_the_web_app_and_of_nginx():
    assert [path.name for path in DOCKERFILES] == ["nginx.Dockerfile", "web.Dockerfile", "worker.Dockerfile"]
    used = [service["build"]["dockerfile"] for service in SERVICES.values() if "build" in service]
    assert sorted(used) == [f"docker/{path.name}" for path in DOCKERFILES], "each image is built by one service"


def test_an_image_is_built_by_one_service_and_pulled_by_none():
    for name in OURS:
        service = SERVICES[name]
        assert ("build" in service) != (service.get("pull_policy") == "never"), name
        assert "build" in SERVICES[name.removeprefix("migrate-")] or service["image"] == SERVICES["worker"]["image"]


def test_images_have_the_versions_tag():
    version = re.search(r"project\(tasklane VERSION (\S+)", (PROJECT / "CMakeLists.txt").read_text())[1]
    assert {default(SERVICES[name]["image"]).partition(":")[2] for name in OURS} == {version}
    for path in DOCKERFILES:
        assert f"ARG VERSION={version} REVISION=unknown\nLABEL org.opencontainers.image." in path.read_text()


def test_workers_and_nginx_are_built_from_one_and_the_same_stage():
    first, second = (stages(DOCKER / f"{name}.Dockerfile")[0] for name in ("worker", "nginx"))
    assert first == second
    assert first[:2] == ("build", "debian:13-slim")


def test_documents_come_after_what_is_compiled():
    steps = stages(DOCKER / "worker.Dockerfile")[0][2]
    compiled = next(n for n, (word, rest) in enumerate(steps) if word == "RUN" and "cmake --preset" in rest)
    before = {rest for word, rest in steps[:compiled] if word == "COPY"}
    assert {"app app", "cmake cmake"} <= before
    assert not [each for each in before if each.startswith(("docs", "nginx", "scripts", "sql", ".env", "packaging packaging"))]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.stem)
def test_an_image_is_small_and_runs_without_root(path):
    _, base, steps = stages(path)[-1]
    words = dict(steps)
    assert base == "debian:13-slim"
    assert re.fullmatch(r"1000[123]:10001", words["USER"])
    assert {"STOPSIGNAL", "ENTRYPOINT"} <= set(words)
    last = [word for word, _ in steps].index("USER")
    assert not {"RUN", "COPY"} & {word for word, _ in steps[last:]}, "something is made after USER"
    for word, rest in steps:
        if word == "RUN" and "apt-get install" in rest:
            assert "--no-install-recommends" in rest
            assert all(f"--mount=type=cache,target={each}" in rest for each in ("/var/cache/apt", "/var/lib/apt/lists"))
        assert (word, "/package" in rest) != ("COPY", True), "a package file stays in a layer"


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.stem)
def test_what_an_image_copies_is_there_and_not_hidden(path):
    copies = [rest for _, _, steps in stages(path) for word, rest in steps if word == "COPY" and "--from" not in rest]
    sources = [each for rest in copies for each in [word for word in rest.split() if not word.startswith("--")][:-1]]
    assert sources and [each for each in sources if is_hidden(each) or not (PROJECT / each).exists()] == []
    for private in (".env", ".git", "var", "build", "docker/secrets", "tests", "frontend/node_modules", "frontend/.env"):
        assert is_hidden(private), private


def test_the_build_sees_everything_that_it_needs():
    top = (PROJECT / "CMakeLists.txt").read_text()
    copied = " ".join(rest for word, rest in stages(DOCKER / "worker.Dockerfile")[0][2] if word == "COPY")
    folders = [each for each in re.findall(r"(?:include|add_subdirectory)\((\w+)[/)]", top) if (PROJECT / each).is_dir()]
    assert {"app", "cmake", "packaging"} <= set(folders)
    assert set(folders) - {"tests"} <= set(copied.split())


def test_every_setting_in_the_compose_file_is_one():
    for name in OURS:
        given = set(SERVICES[name]["environment"])
        files = {each for each in given if each.endswith("_FILE")}
        assert given - files <= NAMES["web" if "web" in name else "worker"] - SECRET_NAMES, "a secret is no environment variable"
        assert {each.removesuffix("_FILE") for each in files} <= SECRET_NAMES
        for each in files:
            secret = SERVICES[name]["environment"][each].removeprefix("/run/secrets/")
            assert secret in SERVICES[name]["secrets"]


def test_each_service_gets_its_own_secrets_and_no_other():
    assert SERVICES["worker"]["secrets"] == ["database_url", "better_auth_secret"]
    assert SERVICES["migrate"]["secrets"] == ["database_url_direct"]
    assert SERVICES["web"]["secrets"] == ["auth_database_url", "better_auth_secret"]
    assert SERVICES["migrate-web"]["secrets"] == ["auth_database_url_direct"]
    assert "secrets" not in SERVICES["nginx"]
    made = set(re.findall(r"^secret (\w+) ", (DOCKER / "make-secrets").read_text(), re.MULTILINE))
    assert made == set(COMPOSE["secrets"])
    for name, value in COMPOSE["secrets"].items():
        assert re.fullmatch(r"\$\{SECRETS_FOLDER:\?[^{}]*docker/make-secrets[^{}]*\}/" + name, value["file"])


def test_services_start_in_their_order_and_nginx_waits_for_none():
    needs = {name: {k: v["condition"] for k, v in each.get("depends_on", {}).items()} for name, each in SERVICES.items()}
    migrated = {"migrate": "service_completed_successfully"}
    assert needs == {
        "postgres": {},
        "migrate": {"migrate-web": "service_completed_successfully"},
        "worker": migrated,
        "relief": migrated,
        "migrate-web": {"postgres": "service_healthy"},
        "web": {"migrate-web": "service_completed_successfully"},
        "nginx": {},
    }
    assert SERVICES["postgres"]["image"] == "postgres:17"


@pytest.mark.parametrize("name", ["postgres", *SERVING])
def test_every_engine_asks_a_service_for_its_health(name):
    assert SERVICES[name]["healthcheck"]["test"], "in the compose file: an OCI image has none"
    assert all("HEALTHCHECK" not in path.read_text() for path in DOCKERFILES)
    if name in SERVING:
        assert "readyz" not in str(SERVICES[name]["healthcheck"]["test"]), "the database is not its fault"


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_may_do_as_little_as_it_needs(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service and "user" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_bounds(name):
    service = SERVICES[name]
    assert service["pids_limit"] and service["logging"]["options"]["max-size"]
    assert name not in SERVING or service["mem_limit"]


def test_nginx_cannot_reach_postgres():
    networks = {name: set(service["networks"]) for name, service in SERVICES.items()}
    assert networks["nginx"] == {"front"} and networks["web"] == {"front", "database"}
    assert all(networks[name] == {"database"} for name in networks if name not in ("nginx", "web"))


def test_the_socket_is_shared_and_the_drain_has_its_time():
    for name in ("worker", "relief", "nginx"):
        assert "fastcgi:/run/tasklane" in SERVICES[name]["volumes"]
    sockets = [SERVICES[name]["environment"]["FASTCGI_SOCKET"] for name in ("worker", "relief")]
    assert sockets == ["/run/tasklane/tasklane.sock", "/run/tasklane/relief.sock"]
    assert "ln -s tasklane.sock" in (DOCKER / "serve-nginx").read_text(), "nginx begins with the worker's"
    assert int(SERVICES["worker"]["stop_grace_period"].rstrip("s")) > 30, "the drain's default deadline"
    words = dict(stages(DOCKER / "nginx.Dockerfile")[-1][2])
    ports = [default(port).rpartition(":")[2] for port in SERVICES["nginx"]["ports"]]
    assert ports == words["EXPOSE"].split() and ports[:2] == re.findall(r"\d+", words["ENV"])
    assert SERVICES["nginx"]["ports"][2].startswith("127.0.0.1:"), "the operators' port is the host's alone"


def test_both_sides_know_the_pages_origin():
    worker, web, nginx = (SERVICES[name]["environment"] for name in SERVING)
    origin = worker["AUTH_ISSUER"]
    assert {origin} == {worker["AUTH_AUDIENCE"], web["BETTER_AUTH_URL"], nginx["PUBLIC_URL"]}
    assert default(origin) == "https://localhost:8443"
    _, _, steps = stages(DOCKER / "web.Dockerfile")[-1]
    port = dict(steps)["EXPOSE"]
    assert nginx["FRONTEND_UPSTREAM"] == f"web:{port}" and f"PORT={port}" in dict(steps)["ENV"]


SCRIPTS = [*(DOCKER / name for name in ("make-secrets", "make-roles", "serve-nginx", "roll-workers")),
           *(path for path in (PROJECT / "tests/docker").iterdir() if path.read_bytes().startswith(b"#!/"))]  # fmt: skip


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_of_the_containers_is_sound(path):
    assert path.stat().st_mode & 0o111 == 0o111
    if path.suffix != ".py":
        done = subprocess.run(["shellcheck", path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
        assert len(path.read_text().splitlines()) <= 80

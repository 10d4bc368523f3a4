"""docker/ as far as it can be read without an engine. tests/docker/try_images.py runs it."""

import importlib.util
import re
import subprocess

import pytest
import yaml

from harness.stack import PROJECT

DOCKER = PROJECT / "docker"
DOCKERFILES = sorted(DOCKER.glob("*.Dockerfile"))
OURS = ["migrate", "worker", "migrate-web", "web", "nginx"]
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
SECRET_NAMES = {"DATABASE_URL", "DATABASE_URL_DIRECT", "BETTER_AUTH_SECRET"}
NAMES = {
    name: set(re.findall(r"^#?([A-Z_]+)=", (PROJECT / path).read_text(), re.MULTILINE))
    for name, path in (("worker", ".env.example"), ("web", "frontend/.env.example"))
}


def runner():
    spec = importlib.util.spec_from_file_location("run_dockerfile", PROJECT / "tests/docker/run_dockerfile.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RUNNER = runner()


def stages(path):
    return RUNNER.stages(path.read_text())


def test_there_are_images_of_the_workers_of_the_web_app_and_of_nginx():
    assert [path.name for path in DOCKERFILES] == ["nginx.Dockerfile", "web.Dockerfile", "worker.Dockerfile"]
    used = {service["build"]["dockerfile"] for service in SERVICES.values() if "build" in service}
    assert used == {f"docker/{path.name}" for path in DOCKERFILES}


def test_workers_and_nginx_are_built_from_one_and_the_same_stage():
    first, second = (stages(DOCKER / f"{name}.Dockerfile")[0] for name in ("worker", "nginx"))
    assert first == second
    assert first[:2] == ("build", "debian:13-slim")


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.stem)
def test_an_image_is_small_runs_without_root_and_says_how_it_is(path):
    _, base, steps = stages(path)[-1]
    words = dict(steps)
    assert base == "debian:13-slim"
    assert re.fullmatch(r"1000[123]:10001", words["USER"])
    assert {"HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT"} <= set(words)
    last = [word for word, _ in steps].index("USER")
    assert not {"RUN", "COPY"} & {word for word, _ in steps[last:]}, "something is made after USER"
    for word, rest in steps:
        if word == "RUN" and "apt-get install" in rest:
            assert "--no-install-recommends" in rest and "rm -rf" in rest and "/var/lib/apt/lists/*" in rest


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.stem)
def test_what_an_image_copies_is_there_and_not_hidden(path):
    hidden = RUNNER.Ignored(PROJECT / ".dockerignore")
    copies = [rest for _, _, steps in stages(path) for word, rest in steps if word == "COPY" and "--from" not in rest]
    sources = [each for rest in copies for each in [word for word in rest.split() if not word.startswith("--")][:-1]]
    assert sources and [each for each in sources if hidden(each) or not (PROJECT / each).exists()] == []
    for private in (".env", ".git", "var", "build", "docker/secrets", "tests", "frontend/node_modules", "frontend/.env"):
        assert hidden(private), private


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
    assert all(value["file"] == f"./secrets/{name}" for name, value in COMPOSE["secrets"].items())


def test_services_start_in_their_order():
    needs = {name: {k: v["condition"] for k, v in each.get("depends_on", {}).items()} for name, each in SERVICES.items()}
    assert needs == {
        "postgres": {},
        "migrate": {"postgres": "service_healthy"},
        "worker": {"migrate": "service_completed_successfully"},
        "migrate-web": {"postgres": "service_healthy"},
        "web": {"migrate-web": "service_completed_successfully"},
        "nginx": {"worker": "service_healthy", "web": "service_healthy"},
    }
    assert SERVICES["postgres"]["image"] == "postgres:17" and "healthcheck" in SERVICES["postgres"]


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_may_do_as_little_as_it_needs(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service and "user" not in service


def test_the_socket_is_shared_and_the_drain_has_its_time():
    for name in ("worker", "nginx"):
        assert "fastcgi:/run/tasklane" in SERVICES[name]["volumes"]
    assert int(SERVICES["worker"]["stop_grace_period"].rstrip("s")) > 30, "the drain's default deadline"
    words = dict(stages(DOCKER / "nginx.Dockerfile")[-1][2])
    assert [port.split(":")[1] for port in SERVICES["nginx"]["ports"]] == re.findall(r"\d+", words["ENV"]) == words["EXPOSE"].split()


def test_both_sides_know_the_pages_origin():
    worker, web = SERVICES["worker"]["environment"], SERVICES["web"]["environment"]
    assert worker["AUTH_ISSUER"] == worker["AUTH_AUDIENCE"] == web["BETTER_AUTH_URL"]
    _, _, steps = stages(DOCKER / "web.Dockerfile")[-1]
    port = dict(steps)["EXPOSE"]
    assert SERVICES["nginx"]["environment"]["FRONTEND_UPSTREAM"] == f"web:{port}" and f"PORT={port}" in dict(steps)["ENV"]


@pytest.mark.parametrize("name", ["make-secrets", "make-roles", "serve-nginx"])
def test_a_script_of_the_containers_is_sound(name):
    done = subprocess.run(["shellcheck", DOCKER / name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert (DOCKER / name).stat().st_mode & 0o111 == 0o111

"""scripts/up once more, on an instance that runs: changed settings are applied, each by the service that reads it."""

import re
import threading

import pytest

from harness.operator import status_of
from harness.processes import free_ports, is_alive, processes_of, wait_for
from harness.stack import ORIGINS
from harness.web import Visitor

NEW = "https://new.example.com"


def up(stack, *options, status=0, **environment):
    stack.environment.update(environment)
    done = stack.run("up", "--detach", *options)
    assert done.returncode == status, done.stdout
    return done.stdout


def allows(stack, origin):
    api = stack.anonymous()
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    try:
        return api.request("OPTIONS", "/api/tasks", headers=asked).headers.get("access-control-allow-origin") == origin
    finally:
        api.close()


def generation(stack):
    return status_of(stack)["generation"]


def files(stack):
    texts = {name: (stack.state / name).read_text() for name in ("tasklane.env", "options", "settings.sums", "url")}
    return texts | {path.name: path.read_text() for path in (stack.state / "nginx").iterdir()}


@pytest.fixture
def lone(new_stack):
    return new_stack(workers=1)


class Askers:
    """Ask all the time, with a new connection each; every answer has to be 200."""

    def __init__(self, stack):
        self.stack, self.ended, self.answers = stack, threading.Event(), []
        self.thread = threading.Thread(target=self.ask)

    def ask(self):
        user = self.stack.user()
        while not self.ended.is_set():
            try:
                self.answers.append(user.get().status_code)
                other = self.stack.anonymous()
                self.answers.append(other.get("/healthz").status_code)
                other.close()
            except Exception as trouble:  # noqa: BLE001  # whatever it is, it is told
                self.answers.append(repr(trouble))
        user.close()

    def __enter__(self):
        self.thread.start()
        wait_for(lambda: self.answers, "a first answer")
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join(60)
        assert self.answers and set(self.answers) == {200}, set(self.answers)


def test_an_origin_is_added_without_a_failed_request_and_then_nothing_changes(lone):
    kept = {name: lone.pid(name) for name in ("master", "nginx")}
    before = generation(lone)
    assert not allows(lone, NEW)
    with Askers(lone):
        said = up(lone, CORS_ORIGINS=",".join([*ORIGINS, NEW]))
    assert "done generation" in said and "reloading nginx" in said and "nothing was changed" not in said, said
    assert allows(lone, NEW) and allows(lone, ORIGINS[0])
    assert generation(lone) == before + 1
    assert {name: lone.pid(name) for name in kept} == kept
    wait_for(lambda: "is shutting down" not in "".join(processes_of(lone.state).values()), "nginx's old workers to end")
    processes, texts = sorted(processes_of(lone.state)), files(lone)
    said = up(lone)
    assert "nothing was changed" in said
    assert (sorted(processes_of(lone.state)), files(lone), generation(lone)) == (processes, texts, before + 1)
    up(lone, CORS_ORIGINS=",".join(ORIGINS))
    assert not allows(lone, NEW)


def test_a_change_that_nginx_need_not_know_leaves_it_alone(lone):
    said = up(lone, SLOW_REQUEST_MS="250")
    assert "done generation" in said and "nginx" not in said, said
    lone.workers = 2
    assert "done generation" in up(lone)
    assert lone.is_whole()


def test_a_wrong_setting_changes_nothing(lone):
    before, texts = generation(lone), files(lone)
    assert "LOG_LEVEL" in up(lone, status=100, LOG_LEVEL="loud")
    assert (generation(lone), files(lone)) == (before, texts)
    assert "nothing was changed" in up(lone, LOG_LEVEL="")


def test_what_a_reload_refuses_is_undone(lone):
    """The new generation could not do what the old one can."""
    before, texts = generation(lone), files(lone)
    with lone.database() as connection, connection.cursor() as cursor:
        cursor.execute("REVOKE INSERT ON tasks FROM tasklane_api")
    said = up(lone, status=1, SLOW_REQUEST_MS="250", CORS_ORIGINS=NEW)
    assert "tasklane: failed: " in said and "going back" in said, said
    assert files(lone) == texts and not allows(lone, NEW) and generation(lone) == before
    with lone.database() as connection, connection.cursor() as cursor:
        columns = "user_id, title, description, completed, created_at, updated_at"
        cursor.execute(f"GRANT INSERT ({columns}) ON tasks TO tasklane_api")
    assert "going back" not in up(lone)
    assert allows(lone, NEW)


def test_another_port_is_listened_on_and_one_that_is_taken_is_refused(lone, stack):
    mine, texts = (lone.port, lone.plain_port), files(lone)
    lone.port, lone.plain_port = stack.port, stack.plain_port
    assert f"port {stack.port} (HTTPS_PORT) is in use" in up(lone, status=1)
    assert files(lone) == texts
    lone.port = free_ports()
    lone.plain_port = lone.port + 1
    up(lone)
    assert (lone.state / "url").read_text().strip() == lone.url
    user = lone.user()
    user.create()
    user.close()
    with open("/proc/net/tcp", encoding="ascii") as table:
        listening = re.findall(r"^ *\d+: \w+:(\w{4}) \w+:\w+ 0A ", table.read(), re.MULTILINE)
    assert not {int(port, 16) for port in listening} & set(mine)


def test_options_that_are_not_named_again_stay(lone):
    before = generation(lone)
    command = [word for word in lone.command("up", "--detach") if word != "--no-frontend"]
    for option in ("--port", "--workers"):
        at = command.index(option)
        del command[at : at + 2]
    lone.command = lambda *_: command
    try:
        assert "nothing was changed" in up(lone)
    finally:
        del lone.command
    assert generation(lone) == before


def test_an_edit_by_hand_lasts_until_a_setting_changes(lone):
    with (lone.state / "tasklane.env").open("a") as file:
        file.write("SLOW_REQUEST_MS=123\n")
    assert "nothing was changed" in up(lone)
    assert lone.settings["SLOW_REQUEST_MS"] == "123"
    up(lone, LOG_LEVEL="warning")
    assert "SLOW_REQUEST_MS=123" not in (lone.state / "tasklane.env").read_text()


def test_services_that_come_or_go_take_a_new_start(lone):
    texts = files(lone)
    assert "scripts/down" in up(lone, status=1, DATABASE_URL=lone.settings["DATABASE_URL"])
    assert "scripts/down" in up(lone, status=1, DATABASE_URL="", FASTCGI_SOCKET=str(lone.state / "run/other.sock"))
    assert files(lone) == texts


def test_the_web_app_is_started_again_when_its_environment_changed(new_stack):
    web = new_stack(workers=1, frontend=True)
    before, kept = web.pid("frontend"), {name: web.pid(name) for name in ("master", "nginx")}
    serving = generation(web)
    said = up(web, TASKLANE_TOKENS="secret")
    assert "stopping the web app" in said and "nginx" not in said and "done generation" not in said, said
    assert not is_alive(before) and generation(web) == serving
    assert {name: web.pid(name) for name in kept} == kept
    second = web.pid("frontend")
    assert "nothing was changed" in up(web)
    assert web.pid("frontend") == second

    said = up(web, status=1, TASKLANE_TOKENS="sometimes")
    assert "TASKLANE_TOKENS must be" in said + (web.log / "frontend.log").read_text() and "going back" in said, said
    visitor = Visitor(web)
    assert visitor.get("/api/auth/ok").status_code == 200, "the web app as it was"
    visitor.close()
    assert "TASKLANE_TOKENS='secret'" in (web.state / "frontend.env").read_text()
    assert "scripts/down" in up(web, "--no-frontend", status=1, TASKLANE_TOKENS="secret")

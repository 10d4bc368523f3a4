"""`tasklane setup --database-url-file -` on a terminal: the administrator's URL is asked for, not shown, and not kept. The script is
in the package's place in a mount namespace alone, and prints its steps instead of taking them."""

import os
import subprocess

import pytest

from harness.build import PROJECT
from harness.cluster import PASSWORDS, Cluster
from harness.terminal import typed

PROMPT = "The URL of the database's administrator (not shown): "
PLACE = "mount -t tmpfs none /usr/libexec && mkdir /usr/libexec/tasklane && mount --bind {} /usr/libexec/tasklane"
SETUP = "exec setsid --ctty --wait /usr/libexec/tasklane/setup --dry-run --no-start --name tasks.test --database-url-file -"


def may_mount():
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], check=False).returncode == 0


pytestmark = pytest.mark.skipif(not may_mount(), reason="takes root, and the right to make a mount namespace")


def set_up(text):
    words = ["unshare", "--mount", "sh", "-c", f"{PLACE.format(PROJECT / 'packaging/setup')} && {SETUP}"]
    return typed(words, PROMPT, text)


@pytest.fixture(scope="module")
def server():
    started = Cluster().create()
    yield started
    started.remove()


def test_the_url_is_asked_for_and_neither_shown_nor_printed(server):
    url = server.url("postgres")
    done = set_up(f"{url}\n")
    assert done.status == 0 and "# The database tasklane and its roles" in done.said, done.said
    assert f"127.0.0.1:{server.port}/tasklane" in done.said, "the roles' URLs lead to that server"
    for secret in (url, f":{PASSWORDS['postgres']}@"):
        assert secret not in done.said + done.echoed
    assert done.echoes


@pytest.mark.parametrize(
    ("text", "status", "what"),
    [("postgres\n", 100, "has to be of the form"), ("postgresql://postgres:wrong-password@127.0.0.1:{port}/postgres\n", 1, "password authentication failed"),
     ("\x03", 130, "stopped"), ("\x04", 1, "no answer")],
    ids=["no URL", "wrong password", "Ctrl-C", "Ctrl-D"],
)  # fmt: skip
def test_what_is_no_url_ends_the_set_up_and_leaves_the_terminal_as_it_was(server, text, status, what):
    done = set_up(text.format(port=server.port))
    assert (done.status, done.echoes) == (status, True), done.said
    assert what in done.said and "wrong-password" not in done.said + done.echoed, done.said
    assert "# " not in done.said, "nothing was begun"

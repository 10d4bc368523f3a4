"""`tasklane setup --database-url-file -` on a terminal: the administrator's URL is asked for, not shown, and not kept. The script is
in the package's place in a mount namespace alone, and prints its steps instead of taking them."""

import os
import pty
import subprocess
import termios

import pytest

from harness.build import PROJECT
from harness.cluster import PASSWORDS, Cluster

PROMPT = "The URL of the database's administrator (not shown): "
PLACE = "mount -t tmpfs none /usr/libexec && mkdir /usr/libexec/tasklane && mount --bind {} /usr/libexec/tasklane"
SETUP = "exec setsid --ctty --wait /usr/libexec/tasklane/setup --dry-run --no-start --name tasks.test --database-url-file -"


def may_mount():
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], check=False).returncode == 0


pytestmark = pytest.mark.skipif(not may_mount(), reason="takes root, and the right to make a mount namespace")


def typed(text):
    """(exit status, what it said, what the terminal showed of the typing, whether it shows that afterwards) of a set-up where
    `text` is typed once it asks."""
    ours, theirs = pty.openpty()
    words = ["unshare", "--mount", "sh", "-c", f"{PLACE.format(PROJECT / 'packaging/setup')} && {SETUP}"]
    with subprocess.Popen(words, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        said = ""
        while not said.endswith(PROMPT):
            more = process.stdout.read(1)
            assert more, said
            said += more
        os.write(ours, text.encode())
        said += process.stdout.read()
        status = process.wait(120)
    os.set_blocking(ours, False)
    try:
        echoed = os.read(ours, 4096).decode()
    except BlockingIOError:
        echoed = ""
    echoes = bool(termios.tcgetattr(ours)[3] & termios.ECHO)
    for each in (ours, theirs):
        os.close(each)
    return status, said, echoed, echoes


@pytest.fixture(scope="module")
def server():
    started = Cluster().create()
    yield started
    started.remove()


def test_the_url_is_asked_for_and_neither_shown_nor_printed(server):
    url = server.url("postgres")
    status, said, echoed, echoes = typed(f"{url}\n")
    assert status == 0 and "# The database tasklane and its roles" in said, said
    assert f"127.0.0.1:{server.port}/tasklane" in said, "the roles' URLs lead to that server"
    for secret in (url, f":{PASSWORDS['postgres']}@"):
        assert secret not in said + echoed
    assert echoes


@pytest.mark.parametrize(
    ("text", "status", "what"),
    [("postgres\n", 100, "has to be of the form"), ("postgresql://postgres:wrong-password@127.0.0.1:{port}/postgres\n", 1, "password authentication failed"),
     ("\x03", 130, "stopped"), ("\x04", 1, "no answer")],
    ids=["no URL", "wrong password", "Ctrl-C", "Ctrl-D"],
)  # fmt: skip
def test_what_is_no_url_ends_the_set_up_and_leaves_the_terminal_as_it_was(server, text, status, what):
    done, said, echoed, echoes = typed(text.format(port=server.port))
    assert (done, echoes) == (status, True), said
    assert what in said and "wrong-password" not in said + echoed, said
    assert "# " not in said, "nothing was begun"

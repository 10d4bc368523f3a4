"""The run's migrated cluster: made once by scripts/up from nothing, and copied by every stack that wants a fresh one."""

import fcntl
import os
import re
import shutil
import subprocess

from harness.run import RUN

MADE = RUN / "template"


def copy_to(state, new_stack):
    """Prepares a state folder, before scripts/up. All passwords but the superuser's are set anew by scripts/up."""
    with (RUN / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not MADE.exists():
            make(new_stack())
    (state / "run").mkdir()  # a state has one: scripts/up takes no other folder with something in it
    subprocess.run(["cp", "-a", "--reflink=auto", MADE / "postgres", state], check=True)
    shutil.copy2(MADE / "generated.env", state)


def make(stack):
    stack.start()
    try:
        done = stack.run("down")
        assert done.returncode == 0, done.stdout
        new = RUN / "template.new"
        new.mkdir()
        os.rename(stack.state / "postgres", new / "postgres")
        made = (stack.state / "generated.env").read_text()
        with open(new / "generated.env", "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(re.search(r"^POSTGRES_PASSWORD=.*\n", made, re.MULTILINE).group())
        os.rename(new, MADE)
    finally:
        stack.stop()

"""A command on a terminal that is asked something."""

import os
import pty
import subprocess
import termios
from dataclasses import dataclass


@dataclass
class Typed:
    status: int
    said: str
    echoed: str  # what the terminal showed of the typing
    echoes: bool  # whether it shows what is typed afterwards


def typed(words, prompt, answer, **options):
    """Runs the command and types the answer once it has asked with `prompt`. `options` are subprocess's."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        words, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **{"text": True, **options}
    ) as process:
        said = ""
        while not said.endswith(prompt):
            more = process.stdout.read(1)
            assert more, said
            said += more
        os.write(ours, answer.encode())
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
    return Typed(status, said, echoed, echoes)

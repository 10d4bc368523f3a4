"""The service manager's part: it holds the listening socket (LISTEN_FDS) and hears what is told (NOTIFY_SOCKET)."""

import os
import signal
import socket
import subprocess

from harness.master import Master
from harness.processes import wait_for


class Activated(Master):
    """A master that gets its socket from this process, and can be started again on it."""

    def __init__(self, stack, watchdog_seconds=None, **how):
        super().__init__(stack, **how)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.socket))
        self.listener.listen(4096)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(self.folder / "notify"))
        self.notify.setblocking(False)
        self.environment["NOTIFY_SOCKET"] = str(self.folder / "notify")
        if watchdog_seconds:
            self.environment["WATCHDOG_USEC"] = str(int(watchdog_seconds * 1e6))
        self.heard = []

    def launch(self):
        # The shell gives the descriptor its number and LISTEN_PID its value, as systemd does before it executes.
        script = f'exec 3<&{self.listener.fileno()} {self.listener.fileno()}<&-; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
        if self.listener.fileno() == 3:
            script = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                ["/bin/bash", "-c", script, "bash", *self.command()], env=self.environment, cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[self.listener.fileno()],
            )  # fmt: skip
        return self

    def told(self):
        """All messages so far."""
        while True:
            try:
                self.heard.append(self.notify.recv(4096).decode())
            except BlockingIOError:
                return self.heard

    def wait_until_told(self, words):
        wait_for(lambda: any(words in each for each in self.told()), lambda: f"{words} in {self.heard}")

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(60)

    def stop(self):
        try:
            if self.process.poll() is None:
                self.signal(signal.SIGTERM)
                assert self.process.wait(60) == 0
            assert self.socket.exists(), "the service manager's socket was removed"
            self.socket.unlink()
            super().stop()
        finally:
            self.listener.close()
            self.notify.close()

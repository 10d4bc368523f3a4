"""What goes on beside a test."""

import threading


class Background:
    """Runs `work` in a thread while it is open. `work` returns once `over` is set."""

    def __init__(self):
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.work)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

"""What goes on beside a test: the same work for each of several, over and over until the block ends."""

import threading


class Busy:
    """Use as a context. `work` is called with each of `whom` in a thread of its own, and ends soon after `over` is set."""

    def __init__(self, work, whom):
        self.over = threading.Event()
        self.threads = [threading.Thread(target=work, args=(each,)) for each in whom]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

"""A host of workers that does what a test wants of it: a FastCGI server on a port of loopback."""

import socket
import struct
import threading

from harness import fcgi
from harness.processes import free_ports

READY = b'{"status":"ready"}'


class FastcgiHost:
    """Use as a context. `manner` is what becomes of a request that it has read whole: "answer", "close", "reset" or "hang"
    (until the context ends). `requests` are those that it has read, as (method, target, body)."""

    def __init__(self):
        self.port = free_ports()
        self.manner, self.requests, self.connections, self.threads = "answer", [], [], []
        self.listener = None

    address = property(lambda self: f"127.0.0.1:{self.port}")

    def __enter__(self):
        self.listen()
        return self

    def __exit__(self, *_):
        self.refuse()
        for thread in self.threads:
            thread.join()

    def listen(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        thread = threading.Thread(target=self._accept, args=(self.listener,))
        self.threads.append(thread)
        thread.start()

    def refuse(self):
        """Nobody listens any more, and every connection is closed."""
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self.threads.append(thread)
            thread.start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as sent:
            try:
                while request := read_request(sent):
                    self.requests.append(request)
                    if not self._treat(connection):
                        return
            except OSError:
                return

    def _treat(self, connection):
        if self.manner == "answer":
            connection.sendall(fcgi.stream(fcgi.STDOUT, b"Status: 200\r\nContent-Type: application/json\r\n\r\n" + READY))
            connection.sendall(fcgi.record(fcgi.END, b"\0" * 8))
            return True
        if self.manner == "hang":
            connection.recv(1)  # until nginx or refuse() ends it
        if self.manner == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False


def read_request(sent):
    """The next one's (method, target, body); None at the end."""
    params, body = b"", b""
    while header := sent.read(8):
        _, kind, _, length, padding = struct.unpack(">BBHHBx", header)
        content = sent.read(length + padding)[:length]
        if kind == fcgi.PARAMS:
            params += content
        elif kind == fcgi.STDIN and not content:
            named = dict(pairs_in(params))
            return named["REQUEST_METHOD"], named["REQUEST_URI"], body
        elif kind == fcgi.STDIN:
            body += content
    return None


def pairs_in(params):
    def length():
        nonlocal params
        size = 1 if params[0] < 128 else 4
        number, params = int.from_bytes(params[:size], "big") & 0x7FFF_FFFF, params[size:]
        return number

    while params:
        name, value = length(), length()
        yield params[:name].decode(), params[name : name + value].decode()
        params = params[name + value :]


class BlackHole:
    """A port on which connections are neither taken nor refused, as at a host that is cut off. Use as a context."""

    def __init__(self, port):
        self.port, self.waiting = port, []

    def __enter__(self):
        # A full queue: the kernel lets what comes then try again.
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=0)
        for _ in range(8):
            each = socket.socket()
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", self.port))
            self.waiting.append(each)
        return self

    def __exit__(self, *_):
        for each in [*self.waiting, self.listener]:
            each.close()

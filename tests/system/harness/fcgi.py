"""A FastCGI client (the FastCGI 1.0 specification, section 3 and 8) that can also misbehave."""

import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import termios
from dataclasses import dataclass, field

import pytest

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES, GET_VALUES_RESULT, UNKNOWN = range(1, 12)
CANT_MPX_CONN, OVERLOADED, UNKNOWN_ROLE = range(1, 4)  # protocol status of END
CONTENT_MAX = 65_535


def record(kind, content=b"", request=1, padding=0):
    return struct.pack(">BBHHBx", 1, kind, request, len(content), padding) + content + b"\0" * padding


def stream(kind, content, request=1):
    """The content in as many records as it needs, closed by an empty one."""
    pieces = [content[i : i + CONTENT_MAX] for i in range(0, len(content), CONTENT_MAX)]
    return b"".join(record(kind, piece, request) for piece in [*pieces, b""])


def _length(n):
    return struct.pack(">B", n) if n < 128 else struct.pack(">I", n | 0x8000_0000)


def pairs(params):
    encoded = [(k.encode(), v if isinstance(v, bytes) else str(v).encode()) for k, v in params.items()]
    return b"".join(_length(len(k)) + _length(len(v)) + k + v for k, v in encoded)


def begin(request=1, keep=True):
    return record(BEGIN, struct.pack(">HB5x", 1, 1 if keep else 0), request)


def head(params, request=1, keep=True):
    return begin(request, keep) + stream(PARAMS, pairs(params), request)


def params_of(method, target, token=None, body=b"", content_type="application/json", **more):
    """The parameters that nginx sends, as the rendered configuration of the operators' listener has them."""
    of_body = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body))} if body else {}
    return {
        "REQUEST_METHOD": method,
        "REQUEST_URI": target,
        **of_body,
        "HTTP_AUTHORIZATION": f"Bearer {token}" if token else "",
        "REQUEST_ID": "0123456789abcdef0123456789abcdef",
        "READINESS_DETAILS": "on",
        **more,
    }


def request_bytes(method, target, token=None, body=b"", keep=True, request=1, **more):
    return head(params_of(method, target, token, body, **more), request, keep) + stream(STDIN, body, request)


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes
    records: list = field(default_factory=list)


class Closed(Exception):
    """The connection or the request ended before an answer had come."""


class Connection:
    def __init__(self, to, timeout=30.0, source=None):
        """`to`: the path of a unix socket, or (address, port); `source`: the address to come from then."""
        if isinstance(to, tuple):
            self.socket = socket.create_connection(to, timeout, (source, 0) if source else None)
            return
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(to))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed("while sending") from error

    def unread(self):
        """Bytes sent that the worker has not read yet (unix(7), SIOCOUTQ)."""
        return struct.unpack("i", fcntl.ioctl(self.socket, termios.TIOCOUTQ, b"\0" * 4))[0]

    def peer_pid(self):
        """The worker that has accepted the connection (SO_PEERCRED would name who listens: the master)."""
        inode = os.fstat(self.socket.fileno()).st_ino
        rows = subprocess.run(["ss", "-xpH"], capture_output=True, text=True, timeout=30, check=True).stdout.splitlines()
        (row,) = [row for row in rows if row.split()[7:8] == [str(inode)]]
        return int(re.search(r"pid=(\d+)", row).group(1))

    def _read(self, length):
        data = b""
        while len(data) < length:
            try:
                piece = self.socket.recv(length - len(data))
            except ConnectionResetError as error:
                raise Closed("reset") from error
            if not piece:
                raise Closed(f"after {len(data)} of {length} bytes")
            data += piece
        return data

    def read_record(self):
        _, kind, request, length, padding = struct.unpack(">BBHHBx", self._read(8))
        content = self._read(length + padding)[:length]
        return kind, request, content

    def answer(self):
        """The next whole answer, parsed as CGI (RFC 3875 section 6)."""
        out, seen = b"", []
        while True:
            kind, request, content = self.read_record()
            seen.append((kind, request, content))
            if kind == STDOUT:
                out += content
            elif kind == END:
                break
        if not out:
            raise Closed(f"with no answer but {content!r}")
        header_text, _, body = out.partition(b"\r\n\r\n")
        headers = {}
        for line in header_text.decode().split("\r\n"):
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        return Answer(int(headers.get("status", "200").split()[0]), headers, body, seen)

    def ask(self, method, target, token=None, body=b"", **more):
        self.send(request_bytes(method, target, token, body, **more))
        return self.answer()

    def is_closed(self, timeout=30.0):
        """Whether the worker closes the connection before the time is over, having sent nothing more."""
        self.socket.settimeout(timeout)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except socket.timeout:
            return False


def check_dropped(connection):
    """The request is not answered, and its connection is closed."""
    with pytest.raises(Closed):
        connection.answer()
    assert connection.is_closed()


def titles(master, token):
    """Of the user's tasks, by the workers of `master`."""
    with master.connect() as connection:
        answer = connection.ask("GET", "/api/tasks", token)
        assert answer.status == 200
        return [t["title"] for t in json.loads(answer.body)]

"""HTTP/2 by the frame: clients that no library would be. They read nothing until `rest`."""

import struct

from hpack import Encoder

from harness import wire

DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS, ACK = 1, 4, 1
CANCEL = struct.pack(">I", 8)


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


class Connection:
    """Its streams have the numbers 1, 3, 5, …"""

    def __init__(self, stack, source=None):
        context = wire.tls_context(stack.certificate, alpn=["h2"])
        self.socket = wire.connect(stack, context=context, source=source)
        self.encoder, self.streams, self.port = Encoder(), [], stack.port
        self.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS) + frame(SETTINGS, ACK))

    def send(self, data):
        """False when the server has closed the connection."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def head(self, method, path, flags=0):
        """The frame that opens another stream."""
        named = [(":method", method), (":scheme", "https"), (":authority", f"127.0.0.1:{self.port}"), (":path", path)]
        self.streams.append(2 * len(self.streams) + 1)
        fields = self.encoder.encode([*named, ("content-type", "application/json")])
        return frame(HEADERS, END_HEADERS | flags, self.streams[-1], fields)

    def rest(self):
        """[(kind, payload)] of the frames until the server closes."""
        received = b""
        try:
            while more := self.socket.recv(65536):
                received += more
        except OSError:
            pass  # it may be a reset
        frames = []
        while len(received) >= 9:
            length = int.from_bytes(received[:3], "big")
            frames.append((received[3], received[9 : 9 + length]))
            received = received[9 + length :]
        return frames

    def close(self):
        self.socket.close()


def unfinished(stack, connections, streams, size=0, source=None):
    """Open connections with so many POSTs each, of which `size` bytes are sent and the end is not."""
    made = []
    for _ in range(connections):
        connection = Connection(stack, source)
        made.append(connection)
        connection.send(b"".join(connection.head("POST", "/api/tasks") for _ in range(streams)))
        for start in range(0, size, 16_384):
            piece = b"x" * min(16_384, size - start)
            connection.send(b"".join(frame(DATA, 0, stream, piece) for stream in connection.streams))
    return made

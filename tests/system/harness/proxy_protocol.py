"""The PROXY protocol (haproxy.org, proxy-protocol.txt): what a balancer sends before a client's first byte."""

import socket
import ssl
import struct

from harness import wire

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def v1(client, port=4711):
    return f"PROXY TCP{6 if ':' in client else 4} {client} {'::1' if ':' in client else '127.0.0.1'} {port} 443\r\n".encode()


UNKNOWN_V1 = b"PROXY UNKNOWN\r\n"
LOCAL_V2 = SIGNATURE + b"\x20\x00\x00\x00"


def v2(client, port=4711, more=b""):
    family, own = (socket.AF_INET6, "::1") if ":" in client else (socket.AF_INET, "127.0.0.1")
    body = socket.inet_pton(family, client) + socket.inet_pton(family, own) + struct.pack("!HH", port, 443) + more
    return SIGNATURE + bytes([0x21, 0x21 if ":" in client else 0x11]) + struct.pack("!H", len(body)) + body


def talk(stack, head, data, tls=True, source=None):
    """As wire.talk, with a PROXY header first, which precedes the TLS handshake."""
    with wire.connect(stack, tls=False, source=source, port=stack.port if tls else stack.plain_port) as raw:
        raw.sendall(head)
        if not tls:
            raw.sendall(data)
            return wire.read_reply(raw)
        with wire.tls_context(stack.certificate).wrap_socket(raw, server_hostname="127.0.0.1") as connection:
            connection.sendall(data)
            return wire.read_reply(connection)


def is_refused(stack, head, data):
    try:
        talk(stack, head, data)
    except (ssl.SSLError, ConnectionError):
        return True
    return False

"""Bytes on a socket to nginx, TLS or plain, for what no HTTP client would send."""

import json
import socket
import ssl
from dataclasses import dataclass
from http.client import HTTPResponse

from harness.processes import PATIENCE


@dataclass
class Reply:
    status: int
    headers: list
    body: bytes

    def header(self, name):
        """All values of a header, joined as RFC 9110 section 5.3 allows; None when it is not there."""
        values = [v for k, v in self.headers if k.lower() == name.lower()]
        return ", ".join(values) if values else None

    def json(self):
        return json.loads(self.body)


def tls_context(certificate, lowest=None, highest=None, alpn=None):
    """Trusts the stack's own certificate and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certificate)
    if lowest is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")  # else OpenSSL 3 itself refuses TLS 1.0 and 1.1
        context.minimum_version, context.maximum_version = lowest, highest or lowest
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def connect(stack, tls=True, context=None, source=None, timeout=PATIENCE, port=None):
    port = port or (stack.port if tls else stack.plain_port)
    raw = socket.create_connection(
        ("127.0.0.1", port), timeout, source_address=(source, 0) if source else None
    )
    if not tls:
        return raw
    return (context or tls_context(stack.certificate)).wrap_socket(raw, server_hostname=stack.host)


def read_reply(connection, method="GET"):
    response = HTTPResponse(connection, method=method)
    response.begin()
    return Reply(response.status, response.getheaders(), response.read())


def talk(stack, data, method="GET", **how):
    """Sends the bytes as they are on a new connection and reads one reply."""
    with connect(stack, **how) as connection:
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass  # nginx may answer and close before it has everything
        return read_reply(connection, method)


def request(method, target, *headers, body=b""):
    """The bytes of a request; the headers as whole lines."""
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers]
    if body and not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def own_address():
    """An IPv4 address of this machine that is not loopback: a client nginx does not exempt. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return probe.getsockname()[0]

"""Files of whole HTTPS requests, made before a run so that sending one costs a generator next to nothing.

A file is the size of a cell in five digits, then cells of that size: the length of a request in five digits, the request,
blanks. tests/bench/replay.lua and open_loop.cpp read it."""


def request(method, path, token, body=""):
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n{body}".encode()


def write(path, requests):
    requests = list(requests)
    cell = 5 + max(map(len, requests))
    with path.open("wb") as file:
        file.write(b"%05d" % cell)
        file.writelines((b"%05d" % len(each) + each).ljust(cell) for each in requests)
    return path

"""An HTTP client of one user. Every response that passes through is checked against the contract."""

import httpx

from harness import contract, tokens, wire
from harness.processes import PATIENCE


class Api:
    def __init__(self, stack, token=None, sub=None, http2=False, source=None, url=None):
        self.stack, self.token, self.sub = stack, token, sub
        transport = httpx.HTTPTransport(
            verify=wire.tls_context(stack.certificate), http2=http2, local_address=source, trust_env=False
        )
        self.http = httpx.Client(base_url=url or stack.url, transport=transport, timeout=PATIENCE, trust_env=False)

    def close(self):
        self.http.close()

    def request(self, method, path, headers=None, **more):
        headers = httpx.Headers(headers)  # a list of pairs may have a name twice
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        response = self.http.request(method, path, headers=headers, **more)
        contract.check(method, path, response.status_code, response.headers, response.content)
        return response

    def get(self, path="/api/tasks", **more):
        return self.request("GET", path, **more)

    def post(self, body=None, path="/api/tasks", **more):
        return self.request("POST", path, **_body(body), **more)

    def put(self, path, body=None, **more):
        return self.request("PUT", path, **_body(body), **more)

    def patch(self, path, body=None, **more):
        return self.request("PATCH", path, **_body(body), **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)

    def create(self, title="A task", **fields):
        response = self.post({"title": title, **fields})
        assert response.status_code == 201, response.text
        return response.json()

    def tasks(self, query=""):
        response = self.get(f"/api/tasks{query}")
        assert response.status_code == 200, response.text
        return response.json()


def _body(body):
    """Bytes go as they are, declared as JSON; anything else is encoded. None is no body at all."""
    if body is None:
        return {}
    if isinstance(body, bytes):
        return {"content": body, "headers": {"Content-Type": "application/json"}}
    return {"json": body}


def api(stack, name="user", sub=None, ttl=600, **how):
    """A client of a user that no other test has."""
    sub = sub if sub is not None else tokens.unique(name)
    return Api(stack, tokens.token(stack.secret, sub, ttl), sub, **how)


def path_of(task):
    return f"/api/tasks/{task['id']}"

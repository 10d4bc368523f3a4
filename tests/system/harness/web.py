"""The web app of a stack as a browser's user sees it, without a browser: cookies, sign-up, tokens."""

import httpx

from harness import client, tokens, wire


class Visitor:
    def __init__(self, stack, source=None):
        self.stack = stack
        transport = httpx.HTTPTransport(verify=wire.tls_context(stack.certificate), local_address=source, trust_env=False)
        headers = {"Origin": stack.url}
        self.http = httpx.Client(base_url=stack.url, transport=transport, headers=headers, timeout=30, trust_env=False)

    def close(self):
        self.http.close()

    def get(self, path, **more):
        return self.http.get(path, **more)

    def sign_up(self, **headers):
        """A new user; sets `id`."""
        form = {"email": f"{tokens.unique('visitor')}@example.com", "password": "correct horse battery", "name": "V"}
        answer = self.http.post("/api/auth/sign-up/email", json=form, headers=headers)
        assert answer.status_code == 200, answer.text
        self.id = answer.json()["user"]["id"]
        return self

    def token(self):
        answer = self.get("/api/auth/token")
        assert answer.status_code == 200, answer.text
        return answer.json()["token"]

    def api(self):
        """A client of the API with this user's token."""
        return client.Api(self.stack, self.token(), self.id)

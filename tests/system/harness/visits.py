"""People who use the web app all the time, each with a session of before: a token, a list with it, a page."""

from collections import Counter

from harness.busy import Busy
from harness.client import Api
from harness.processes import wait_for
from harness.web import Visitor

PAUSE = 0.3  # Better Auth counts by address and path: 100 in 10 seconds
KINDS = ("token", "tasks", "page")


class Visits(Busy):
    """Use as `with Visits(stack) as visits:`; `answers` has {(what was asked for, status): how often}."""

    def __init__(self, stack, visitors=4):
        self.answers, self.errors = Counter(), []
        self.visitors = [Visitor(stack, f"127.0.0.{2 + number}").sign_up() for number in range(visitors)]
        super().__init__(self._visit, self.visitors)

    def _visit(self, visitor):
        api = Api(visitor.stack, sub=visitor.id)
        for client in (visitor, api):  # a new nginx lets go of connections at rest; a browser would just ask again
            client.http.headers["Connection"] = "close"
        try:
            while not self.over.wait(PAUSE):
                answer = visitor.get("/api/auth/token")
                self.answers["token", answer.status_code] += 1
                if answer.status_code == 200:
                    api.token = answer.json()["token"]
                self.answers["tasks", api.get().status_code] += 1
                self.answers["page", visitor.get("/tasks").status_code] += 1
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(repr(error))
        finally:
            api.close()

    def __enter__(self):
        super().__enter__()
        self.wait_for_more()
        return self

    def __exit__(self, *_):
        super().__exit__()
        for visitor in self.visitors:
            visitor.close()

    def wait_for_more(self, rounds=3):
        """Each kind is asked for so many times more by each visitor, on average."""
        before, more = self.count(), rounds * len(self.threads)
        wait_for(lambda: self.errors or all(self.count()[kind] >= before[kind] + more for kind in KINDS), "more visits")
        assert not self.errors, self.errors

    def count(self):
        return Counter({kind: sum(n for (asked, _), n in self.answers.copy().items() if asked == kind) for kind in KINDS})

    def refused(self):
        return {asked: n for asked, n in self.answers.copy().items() if asked[1] != 200}

"""The published contract (docs/openapi.yaml, and the build's JSON Schemas): every response that passes through a client is held against it."""

import json
import re

import jsonschema
import yaml

from harness.build import BUILD, PROJECT

OPENAPI = yaml.safe_load((PROJECT / "docs/openapi.yaml").read_text())
ERROR_KEYS = ["detail", "message", "status_code", "error_type", "request_id"]


def _validator(name):
    schema = json.loads((BUILD / "docs" / name).read_text())
    return jsonschema.validators.validator_for(schema)(schema)


ERRORS = _validator("errors.schema.json")
TASKS = _validator("tasks.schema.json")


def _pattern(template):
    pieces = re.split(r"(\{[^}]+\})", template)
    return re.compile("".join("[^/]+" if p.startswith("{") else re.escape(p) for p in pieces) + "$")


# The most literal template first: /api/tasks/{id} before /api/{user_id}/tasks.
PATHS = [(_pattern(t), item) for t, item in sorted(OPENAPI["paths"].items(), key=lambda p: p[0].count("{"))]


def resolved(node):
    while "$ref" in node:
        target = OPENAPI
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def documented(path):
    """The contract's path item for a request's target, or None."""
    bare = path.partition("?")[0]
    if bare.startswith("/api/auth/"):
        return None
    for spelling in (bare, bare.removesuffix("/")):
        for pattern, item in PATHS:
            if pattern.match(spelling):
                return item
    return None


def response_of(method, path, status):
    """What the contract says of this answer; None when the path is not in it. Fails when the status is not."""
    item = documented(path)
    if item is None:
        return None
    operation = item.get(method.lower()) if method.isupper() else None
    if operation is None:
        others = item["x-other-methods"]
        assert status in (204, 400, 405, 413), f"{method} {path}: {status}"
        return resolved(others["response"]) if status == 405 else None
    assert str(status) in operation["responses"], f"{method} {path}: {status} is not in openapi.yaml"
    return resolved(operation["responses"][str(status)])


def check_headers(response, headers):
    for name, header in response.get("headers", {}).items():
        header, value = resolved(header), headers.get(name)
        assert value is not None or not header.get("required"), f"{name} is missing"
        if value is not None:
            schema = resolved(header["schema"])
            jsonschema.validate(int(value) if schema["type"] == "integer" else value, schema)
    if "content" in response:
        kind = headers.get("content-type", "").partition(";")[0]
        assert kind in {k.partition(";")[0] for k in response["content"]}, f"as {kind}"


def check_error(status, headers, body):
    """One problem: the shape, the key order, and that it agrees with the response that carries it."""
    assert headers.get("content-type", "").startswith(
        "application/json"
    ), f"{status} as {headers.get('content-type')}"
    problem = json.loads(body)
    ERRORS.validate(problem)
    assert list(problem) == [*ERROR_KEYS, *(key for key in ("errors", "database") if key in problem)], problem
    assert problem["status_code"] == status and problem["message"] == problem["detail"], problem
    assert problem["request_id"] == headers.get("x-request-id"), (problem, headers.get("x-request-id"))
    if status in (429, 503):
        assert headers.get("retry-after", "").isdigit(), headers
    return problem


def check(method, path, status, headers, body):
    """`headers` is a mapping that ignores case."""
    response = response_of(method, path, status)
    if response:
        check_headers(response, headers)
    if method == "HEAD" or status in (204, 304):
        assert body == b"", f"{method} {status} has a body"
    elif status >= 400:
        check_error(status, headers, body)
    elif path.startswith("/api/") and 200 <= status < 300:
        answer = json.loads(body)
        if path.partition("?")[0].rstrip("/").endswith("/tasks/stats"):
            assert list(answer) == ["total", "active", "completed"] and answer["total"] == answer["active"] + answer["completed"]
            return
        if method == "DELETE":  # of many
            assert list(answer) == ["deleted"] and isinstance(answer["deleted"], int), answer
            return
        for task in answer if isinstance(answer, list) else [answer]:
            TASKS.validate(task)

"""The contract: whole, consistent with itself, and in its fixed words the code's. No server is needed."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from harness.build import BUILD

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
CONTRACT = yaml.safe_load((DOCS / "openapi.yaml").read_text())
SCHEMAS = CONTRACT["components"]["schemas"]
METHODS = ("get", "head", "post", "put", "patch", "delete")


def read(path):
    return (ROOT / path).read_text()


def walk(node, at=""):
    yield at, node
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield from walk(value, f"{at}/{key}")


def resolve(node):
    while isinstance(node, dict) and "$ref" in node:
        target = CONTRACT
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key]
        node = target
    return node


def operations():
    for path, item in CONTRACT["paths"].items():
        for method in METHODS:
            if method in item:
                yield pytest.param(path, method, item[method], id=f"{method} {path}")


def to_json_schema(node):
    """OpenAPI 3.0's `nullable` as JSON Schema has it."""
    if isinstance(node, list):
        return [to_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: to_json_schema(value) for key, value in node.items() if key != "nullable"}
    return {**made, "type": [node["type"], "null"]} if node.get("nullable") else made


def faults(schema, value):
    whole = {**to_json_schema(schema), "components": {"schemas": to_json_schema(SCHEMAS)}}
    checker = jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())
    return [f"{list(fault.path)}: {fault.message[:200]}" for fault in checker.iter_errors(value)]


def examples(holder):
    """The examples of a media type, a header or a schema."""
    if "example" in holder:
        yield holder["example"]
    yield from (each["value"] for each in holder.get("examples", {}).values())


# The contract


def test_every_reference_of_the_contract_resolves_and_every_component_is_used():
    used = {node["$ref"] for _, node in walk(CONTRACT) if isinstance(node, dict) and "$ref" in node}
    for reference in used:
        assert reference.startswith("#/components/")
        resolve({"$ref": reference})
    groups = ("headers", "parameters", "requestBodies", "responses", "schemas")
    made = {f"#/components/{group}/{name}" for group in groups for name in CONTRACT["components"][group]}
    assert made == used


def test_operation_ids_are_unique():
    names = [each.values[2]["operationId"] for each in operations()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("path, method, operation", operations())
def test_an_operation_is_whole(path, method, operation):
    assert {"operationId", "summary", "tags", "responses"} <= operation.keys()
    assert set(operation["tags"]) <= {tag["name"] for tag in CONTRACT["tags"]}
    statuses = operation["responses"].keys()
    assert any(status.startswith("2") for status in statuses) and any(status[0] in "45" for status in statuses)
    parameters = CONTRACT["paths"][path].get("parameters", []) + operation.get("parameters", [])
    named = {p["name"] for p in map(resolve, parameters) if p["in"] == "path"}
    assert named == set(re.findall(r"{(\w+)}", path))
    if operation.get("security") != []:
        assert "401" in statuses
        assert path.startswith("/api/")
    for status, reference in operation["responses"].items():
        response = resolve(reference)
        assert "X-Request-Id" in response["headers"]
        assert ("content" in response) == (method != "head" and status not in ("204", "304"))
        for media in response.get("content", {}).values():
            for example in examples(media):
                stated = example.get("status_code") if isinstance(example, dict) else None
                assert stated in (None, int(status)), f"{status} shows an example of {stated}"


@pytest.mark.parametrize("path", CONTRACT["paths"])
def test_a_path_tells_the_methods_it_has(path):
    item = CONTRACT["paths"][path]
    own = [method.upper() for method in METHODS if method in item]
    assert ("get" in item) == ("head" in item)
    if "x-other-methods" in item:
        assert set(item["x-other-methods"]["allow"].split(", ")) == set(own)
        assert f'"{item["x-other-methods"]["allow"]}"' in read("app/http/router.cpp")


def test_every_example_is_valid():
    seen = 0
    for at, node in walk(CONTRACT):
        schema = node.get("schema") if isinstance(node, dict) else None
        if not schema or at.endswith("/properties"):
            continue
        for example in examples(node):
            seen += 1
            assert faults(schema, example) == [], at
    for name, schema in SCHEMAS.items():
        for at, node in walk(schema):
            if isinstance(node, dict) and "example" in node and "type" in node:
                seen += 1
                assert faults(node, node["example"]) == [], f"{name}{at}"
    assert seen > 50


TASK = next(examples(CONTRACT["components"]["responses"]["TaskFound"]["content"]["application/json"]))
PROBLEM = next(examples(CONTRACT["components"]["responses"]["TaskNotFound"]["content"]["application/json"]))
FIELD = {"loc": ["body", "title"], "msg": "m", "type": "missing"}
INVALID = {
    "a task with one more field": ("Task", {**TASK, "owner": 1}),
    "a task without a description": ("Task", {k: v for k, v in TASK.items() if k != "description"}),
    "a time without microseconds": ("Task", {**TASK, "created_at": "2026-11-21T09:30:00Z"}),
    "a time with an offset": ("Task", {**TASK, "created_at": "2026-11-21T09:30:00.000000+00:00"}),
    "an id past 2^53 - 1": ("Task", {**TASK, "id": 2**53}),
    "an untrimmed title in an answer": ("Task", {**TASK, "title": "x\u2003"}),
    "a completed of null": ("TaskChange", {"completed": None}),
    "a title of white space": ("NewTask", {"title": " \u00a0\u3000"}),
    "a title of 201": ("NewTask", {"title": "\U0001f4dd" * 201}),
    "a title with U+0000": ("NewTask", {"title": "a\0b"}),
    "a description of 10,001": ("NewTask", {"title": "t", "description": "x" * 10_001}),
    "a new task without a title": ("NewTask", {}),
    "a key named error": ("Problem", {**PROBLEM, "error": "x"}),
    "a 422": ("Problem", {**PROBLEM, "status_code": 422}),
    "a kind with another's status": ("Problem", {**PROBLEM, "status_code": 401}),
    "errors without validation": ("Problem", {**PROBLEM, "errors": [FIELD]}),
    "an object for detail": ("Problem", {**PROBLEM, "detail": {}}),
}


@pytest.mark.parametrize("name", INVALID)
def test_the_schemas_refuse_what_the_contract_forbids(name):
    schema, value = INVALID[name]
    assert faults(SCHEMAS[schema], value) != []


@pytest.mark.parametrize("title", ["x", "x" * 200, " " * 300 + "x y" + "\u2003" * 300, "\U0001f4dd" * 200, "\ufeff"])
def test_the_schemas_take_what_the_contract_allows(title):
    assert faults(SCHEMAS["NewTask"], {"title": title, "priority": "high", "description": ""}) == []


def test_the_contract_as_json_says_what_the_yaml_says():
    assert json.loads((BUILD / "docs/openapi.json").read_text()) == CONTRACT


@pytest.mark.parametrize("file, root", [("tasks.schema.json", "Task"), ("errors.schema.json", "Problem")])
def test_the_json_schemas_say_what_the_contract_says(file, root):
    schema = json.loads((BUILD / "docs" / file).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    whole = jsonschema.Draft202012Validator(schema)
    for name, value in [("Task", TASK), ("Problem", PROBLEM), *INVALID.values()]:
        if name == root:
            assert whole.is_valid(value) == (faults(SCHEMAS[root], value) == []), value


# The contract and the code


def test_the_error_types_are_those_of_the_code():
    enumerators = re.search(r"enum class ErrorType {(.*?)};", read("app/base/result.h"), re.DOTALL).group(1)
    coded = re.findall(r"^\s*(\w+),", enumerators, re.MULTILINE)
    published = SCHEMAS["Problem"]["properties"]["error_type"]
    templates = "".join(path.read_text() for path in (ROOT / "nginx").glob("*.template"))
    of_nginx = set(re.findall(r'"error_type":"(\w+)"', templates))
    assert set(published["enum"]) == {*coded, *of_nginx}
    assert list(published["x-meanings"]) == published["enum"]
    for word in published["enum"]:
        assert f"`{word}`" in read("docs/ERRORS.md"), word


def test_the_reasons_for_no_connection_are_those_of_the_code():
    enumerators = re.search(r"enum class ConnectFailure {(.*?)};", read("app/base/database_state.h"), re.DOTALL).group(1)
    published = SCHEMAS["DatabaseState"]["properties"]["last_failure"]
    assert published["enum"] == re.findall(r"^\s*(\w+),", enumerators, re.MULTILINE)
    assert list(published["x-meanings"]) == published["enum"]


def test_the_problems_of_nginx_are_valid():
    text = (ROOT / "nginx/tasklane-problems.conf.template").read_text()
    bodies = re.findall(r"return (\d+) '(\{.*\})';", text)
    assert len(bodies) > 5
    for status, body in bodies:
        body = body.replace("$tasklane_request_id", "0" * 32).replace("$tasklane_upstream_error", "outcome_unknown")
        assert faults(SCHEMAS["Problem"], json.loads(body)) == [], body
        assert json.loads(body)["status_code"] == int(status)


def test_the_words_for_field_errors_are_those_of_the_code():
    code = "".join(path.read_text() for path in (ROOT / "app/tasks").glob("*.cpp"))
    for word in SCHEMAS["FieldError"]["properties"]["type"]["enum"]:
        assert f'"{word}"' in code, word


def test_the_version_is_the_same_everywhere():
    version = re.search(r"project\(tasklane VERSION ([\d.]+)", read("CMakeLists.txt")).group(1)
    assert CONTRACT["info"]["version"] == version

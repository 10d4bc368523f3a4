"""What a request body must be, for every endpoint that takes one."""

import gzip

import pytest

from harness.client import path_of

OK = b'{"title":"t"}'


def nested(depth):
    """An object whose unknown field brings the nesting to `depth`."""
    return b'{"title":"t","more":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


# One of each kind; tests/unit/json_reader_test.cpp has them all.
BROKEN = [
    b"null", b"{", OK + b"x", b'{"title":"a","title":"b"}', b'{"title":"\xff"}', OK.decode().encode("utf-16-le"),
    rb'{"title":"\ud800"}', rb'{"title":"ab\u0000cd"}', b'{"title":"a\x00b"}', OK + b"\x00", b"\xef\xbb\xbf" + OK,
]  # fmt: skip
TOO_DEEP = [nested(9), b'{"a":' * 40_000]


@pytest.mark.parametrize("body", BROKEN + TOO_DEEP, ids=lambda b: repr(b[:40])[1:])
def test_a_body_that_is_not_strict_json_is_refused_everywhere(alice, body):
    task = alice.create("before")
    for response in (
        alice.post(body),
        alice.put(path_of(task), body),
        alice.patch(path_of(task) + "/complete", body),
    ):
        assert response.status_code == 400, response.request.method
        assert response.json()["error_type"] == "validation_error"
    assert alice.tasks() == [task], "a refused body changed something"


def test_an_empty_body_is_refused_where_one_is_needed(alice):
    task = alice.create()
    for response in (alice.post(b""), alice.put(path_of(task), b""), alice.post(), alice.put(path_of(task))):
        assert response.status_code == 400
        assert response.json()["error_type"] == "validation_error"


def test_nesting_of_8_is_taken(alice):
    assert alice.post(nested(8)).status_code == 201


@pytest.mark.parametrize(
    "body", [b' \r\n\t{ "title" : "t" } \n', rb'{"\u0074itle":"t"}', b'{"title":"t","n":-1.5e3}']
)
def test_any_spelling_of_valid_json_is_taken(alice, body):
    response = alice.post(body)
    assert response.status_code == 201
    assert response.json()["title"] == "t"


def padded(length):
    return OK[:-1] + b" " * (length - len(OK)) + b"}"


def test_a_body_of_256_kib_is_taken_and_one_byte_more_is_not(alice):
    task = alice.create()
    limit = 256 * 1024
    assert alice.post(padded(limit)).status_code == 201
    assert alice.put(path_of(task), padded(limit)).status_code == 200
    for response in (alice.post(padded(limit + 1)), alice.put(path_of(task), padded(limit + 1))):
        assert response.status_code == 413
        assert response.json()["error_type"] == "payload_too_large"


def chunks(body):
    for i in range(0, len(body), 50_000):
        yield body[i : i + 50_000]


def test_a_chunked_body_is_read_to_its_end(alice):
    json_type = {"Content-Type": "application/json"}
    taken = alice.request("POST", "/api/tasks", content=chunks(padded(200_000)), headers=json_type)
    assert taken.status_code == 201
    refused = alice.request("POST", "/api/tasks", content=chunks(padded(300_000)), headers=json_type)
    assert refused.status_code == 413


def test_a_body_past_the_limit_is_413_without_a_token_too(anyone):
    assert anyone.post(padded(300_000)).status_code == 413
    declared = anyone.request("POST", "/api/tasks", content=padded(300_000))
    assert declared.status_code == 413


# How JSON may be declared, case by case: tests/unit/tasks_handlers_test.cpp.
@pytest.mark.parametrize("content_type", ["Application/JSON", 'application/json ; charset="utf-8"'])
def test_json_is_taken_however_it_is_declared(alice, content_type):
    response = alice.request("POST", "/api/tasks", content=OK, headers={"Content-Type": content_type})
    assert response.status_code == 201


@pytest.mark.parametrize("content_type", ["text/plain", ""])
def test_a_body_of_another_type_is_refused(alice, content_type):
    task = alice.create("before")
    for method, path in (
        ("POST", "/api/tasks"),
        ("PUT", path_of(task)),
        ("PATCH", path_of(task) + "/complete"),
    ):
        headers = {"Content-Type": content_type} if content_type else {}
        response = alice.request(method, path, content=OK, headers=headers)
        assert response.status_code == 415, method
        assert response.json()["error_type"] == "unsupported_media_type"
    assert alice.tasks() == [task]


@pytest.mark.parametrize("coding", ["gzip", "br", "x-unknown"])
def test_a_body_that_is_compressed_is_refused_by_its_header(alice, coding):
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    response = alice.request("POST", "/api/tasks", content=gzip.compress(OK), headers=headers)
    assert response.status_code == 415 and "Content-Encoding" in response.json()["detail"]
    headers["Content-Encoding"] = "identity"
    assert alice.request("POST", "/api/tasks", content=OK, headers=headers).status_code == 201


def test_a_number_too_large_for_a_double_is_valid_where_it_is_ignored(alice):
    declared = {"Content-Type": "application/json"}
    body = b'{"title": "x", "extra": 1e309}'
    assert alice.request("POST", "/api/tasks", content=body, headers=declared).status_code == 201
    refused = alice.request("POST", "/api/tasks", content=b'{"title": 1e309}', headers=declared)
    assert refused.status_code == 400 and refused.json()["errors"][0]["loc"] == ["body", "title"]


def test_a_json_content_type_without_a_body_disturbs_nothing(alice):
    task = alice.create()
    declared = {"Content-Type": "application/json"}
    assert alice.get(headers=declared).status_code == 200
    assert alice.get(path_of(task), headers=declared).status_code == 200
    assert alice.patch(path_of(task) + "/complete", headers=declared).status_code == 200
    assert alice.delete(path_of(task), headers=declared).status_code == 204

"""What a request body must be, for every endpoint that takes one."""

import pytest

from harness.client import path_of

OK = b'{"title":"t"}'
NOT_OBJECTS = [b"null", b"[]", b'"text"', b"1", b"true", b'[{"title":"t"}]']
NOT_JSON = [
    b"{", b"}", b'{"title"}', b'{"title":}', b"{'title':'t'}", b'{"title":"t",}', b"title=t", b'{title:"t"}',
    b'{"title":"t"', b'{"title":"t}', b'{"title":"\\x41"}', b'{"title":"t" /* no */}', b'{"title":"t","n":01}',
    b'{"title":"t","n":NaN}', b'{"title":"t","n":Infinity}', b'{"title":"t","n":+1}', b'{"title":"t","n":.5}',
    b'{"title":"a\nb"}', b'{"title":"a\x01b"}', b" ",
]  # fmt: skip
TRAILING = [OK + b"x", OK + b"{}", OK + b",", OK + b"\x00", OK + b"\x00" * 8]
DUPLICATES = [
    b'{"title":"a","title":"b"}', b'{"title":"t","completed":true,"completed":false}',
    b'{"title":"a","\\u0074itle":"b"}', b'{"title":"t","more":{"a":1,"a":2}}', b'{"title":"t","more":[{"a":1,"a":1}]}',
]  # fmt: skip
NOT_UTF_8 = [
    b'{"title":"\xff"}', b'{"title":"\xc0\x80"}', b'{"title":"\xe0\x80\xaf"}', b'{"title":"\xed\xa0\x80"}',
    b'{"title":"\xf4\x90\x80\x80"}', b'{"title":"\xe2\x82"}', b'{"title":"t","\xff":1}',
    OK.decode().encode("utf-16-le"),
    b'{"title":"t","description":"caf\xe9"}',
]  # fmt: skip
LONE_SURROGATES = [
    rb'{"title":"\ud800"}', rb'{"title":"\udc00"}', rb'{"title":"\udc00\ud800"}', rb'{"title":"\ud83dx"}',
    rb'{"title":"\ud83d\ud83d"}', rb'{"title":"t","description":"\udfff"}', rb'{"title":"t","\ud800":1}',
]  # fmt: skip
NULS = [
    rb'{"title":"ab\u0000cd"}',
    b'{"title":"a\x00b"}',
    rb'{"title":"t","description":"\u0000"}',
    b"\x00" + OK,
]
MARKED = [b"\xef\xbb\xbf" + OK, b"\xff\xfe{\x00}\x00"]


def nested(depth):
    """An object whose unknown field brings the nesting to `depth`."""
    return b'{"title":"t","more":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


BROKEN = NOT_OBJECTS + NOT_JSON + TRAILING + DUPLICATES + NOT_UTF_8 + LONE_SURROGATES + NULS + MARKED
TOO_DEEP = [nested(9), nested(1000), nested(100_000), b"[" * 200_000, b'{"a":' * 40_000]


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
    assert anyone.post(padded(300_000)).status_code in (401, 413)
    declared = anyone.request("POST", "/api/tasks", content=padded(300_000))
    assert declared.status_code in (401, 413)


JSON_TYPES = [
    "application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON",
    'application/json; charset="utf-8"', "application/json ; charset=utf-8",
]  # fmt: skip
OTHER_TYPES = [
    "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx",
    "application/json-patch+json", "text/json", "json", "application/json; charset=iso-8859-1", "application",
    "application/xml", "*/*", "",
]  # fmt: skip


@pytest.mark.parametrize("content_type", JSON_TYPES)
def test_json_is_taken_however_it_is_declared(alice, content_type):
    response = alice.request("POST", "/api/tasks", content=OK, headers={"Content-Type": content_type})
    assert response.status_code == 201


@pytest.mark.parametrize("content_type", OTHER_TYPES)
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


def test_a_json_content_type_without_a_body_disturbs_nothing(alice):
    task = alice.create()
    declared = {"Content-Type": "application/json"}
    assert alice.get(headers=declared).status_code == 200
    assert alice.get(path_of(task), headers=declared).status_code == 200
    assert alice.patch(path_of(task) + "/complete", headers=declared).status_code == 200
    assert alice.delete(path_of(task), headers=declared).status_code == 204

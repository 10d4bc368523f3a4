"""A database URL that one of the command, the workers and the web app cannot use is refused by all, with one sentence."""

import concurrent.futures
import random
import shutil

import pytest

from harness import database_urls
from harness.database_urls import LIBPQ, by_web_app, checked, master_with


@pytest.fixture(scope="module")
def compiled():
    return database_urls.compiled()


REFUSED = [
    "mysql://u@h/d", " postgresql://u@h/d", "postgresql:u@h",
    # what has to be escaped
    "postgresql://u:p/w@h/d", "postgresql://u:p@w@h/d", "postgresql://u:p#w@h/d", "postgresql://u:p?w@h/d", "postgresql://u:p%w@h/d",
    "postgresql://u@h/d%0", "postgresql://u:p/1?2@h/d",
    # malformed
    "postgresql://u@[::1/d", "postgresql://u@[]/d", "postgresql://u@[::1]x/d", "postgresql://u@h/d%00", "postgresql://u@h/d?sslmode=a=b",
    "postgresql://u@h/d?a", "postgresql://u@h/d?&sslmode=require", "postgresql://u@h/d?sslmode=require&&", "postgresql://u@h/d?ssl=false",
    # no parameters of libpq's, and values that are none
    "postgresql://u@h/d?pgbouncer=true", "postgresql://u@h/d?schema=x", "postgresql://u@h/d?uselibpqcompat=true", "postgresql://u@h/d?Sslmode=x",
    "postgresql://u@h/d?sslmode=no-verify", "postgresql://u@h/d?sslmode=REQUIRE", "postgresql://u@h/d?channel_binding=yes",
    "postgresql://u@h/d?target_session_attrs=master", "postgresql://u@h/d?ssl_min_protocol_version=1.2", "postgresql://u@h/d?gssencmode=no",
    "postgresql://u@h/d?connect_timeout=soon", "postgresql://u@h/d?connect_timeout=1.5", "postgresql://u@h/d?keepalives=on",
    "postgresql://u@h/d?tcp_user_timeout=3s", "postgresql://u@h:0/d", "postgresql://u@h:65536/d", "postgresql://u@h:x/d", "postgresql://u@a:1,b:x/d",
    "postgresql://u@a,b/d?port=1,2,3", "postgresql://u@a,b,c/d?port=1,2", "postgresql://u@a,b/d?hostaddr=127.0.0.1",
    # certificates
    "postgresql://u@h/d?sslmode=verify-full", "postgresql://u@h/d?sslmode=verify-ca", "postgresql://u@a,b/d?sslmode=verify-full",
    "postgresql://u@h/d?sslmode=verify-full&sslrootcert=/nonexistent.pem", "postgresql://u@h/d?sslcert=/etc/passwd&sslkey=/nonexistent.key",
    "postgresql://u@h/d?sslrootcert=system&sslmode=require", "postgresql://u@h/d?service=none",
]  # fmt: skip
UNTAKEN = [
    "passfile=/x", "sslcrl=/x", "sslcrldir=/x", "requirepeer=postgres", "gssencmode=require", "replication=database",
    "application_name=%E9", "sslkey=engine:x",
]  # fmt: skip
SINCE = {"require_auth": 160000, "load_balance_hosts": 160000, "min_protocol_version": 180000, "scram_client_key": 180000}
UNTAKEN += [f"{name}=1" for name, version in SINCE.items() if version <= LIBPQ]
REFUSED += [f"postgresql://u@h/d?{name}=1" for name, version in SINCE.items() if version > LIBPQ]


def test_what_one_of_them_refuses_all_refuse_with_one_sentence(stack, compiled):
    webs = by_web_app(compiled, REFUSED, "mistakes")
    for url, web in zip(REFUSED, webs, strict=True):
        command = checked(stack, url)
        master = master_with(stack, url)
        status, said = master.run_to_its_end()
        shutil.rmtree(master.folder)
        assert len(command) == 1 and status == 100, (url, command, said)
        assert web["mistakes"] == command and command[0] in said, (url, command, web, said)


def test_a_file_with_the_url_is_read_alike_or_refused_with_one_sentence(stack, compiled, tmp_path):
    url, file = b"postgresql://u:p@h/d?application_name=x", tmp_path / "url"
    around = [b"\xef\xbb\xbf%s", b"%s\r\n", b"\xef\xbb\xbf \t%s \t\r\n\r\n", b"\n%s"]
    wrong = [b"%s\n%s", b"%s\x01", b"%s\xff", b"\xff\xfe%s", b"%s#", b"\xef\xbb\xbf\r\n", b""]
    for form in around + wrong:
        file.write_bytes(form.replace(b"%s", url))
        file.chmod(0o600)
        command, web = checked(stack, None, DATABASE_URL_FILE=file), by_web_app(compiled, [None], "mistakes", DATABASE_URL_FILE=str(file))
        assert [{"mistakes": command}] == web and (command == []) == (form in around), (form, command, web)
    for mode, contents in ((0o644, url), (0o602, url), (0o604, url), (0o640, url), (0o600, url + b"&" * 16 * 1024)):
        file.write_bytes(contents)
        file.chmod(mode)
        command, web = checked(stack, None, DATABASE_URL_FILE=file), by_web_app(compiled, [None], "mistakes", DATABASE_URL_FILE=str(file))
        assert [{"mistakes": command}] == web and (command == []) == (mode == 0o640), (oct(mode), command, web)
    for path, given in ((tmp_path / "absent", None), (tmp_path, None), ("url", None), (file, url.decode())):
        command = checked(stack, given, DATABASE_URL_FILE=path)
        (web,) = by_web_app(compiled, [given], "mistakes", DATABASE_URL_FILE=str(path))
        assert len(command) == 1 and web["mistakes"] == command, (path, command, web)


def test_what_the_web_app_alone_cannot_do_the_check_refuses_where_it_has_a_web_app(stack, compiled):
    page = {"BETTER_AUTH_URL": "https://app.test"}
    for parameter in UNTAKEN:
        url = f"postgresql://u@h/d?{parameter}"
        (web,) = by_web_app(compiled, [url], "mistakes")
        assert len(web["mistakes"]) == 1 and "the web app do" in web["mistakes"][0], (url, web)
        assert checked(stack, url) == [] and checked(stack, url, **page) == web["mistakes"], url
        own = checked(stack, "postgresql://u@h/d", **page, FRONTEND_DATABASE_URL=url)
        assert own == ["FRONTEND_" + web["mistakes"][0]], url
        assert checked(stack, url, **page, FRONTEND_DATABASE_URL="postgresql://u@h/d") == []


def test_whatever_is_written_all_take_it_or_all_refuse_it_with_one_sentence(stack, compiled):
    chance = random.Random(17)
    pieces = ["u", "p", "h", "d", "@", ":", "/", "?", "&", "=", ",", "%2F", "%40", "%", "#", "[::1]", "[", "]", "5432", "0", "", " ", "+",
              "?sslmode=", "require", "&host=", "&hostaddr=127.0.0.1", "&port=", "1,2", "&connect_timeout=", "&a=b", "&sslmode=verify-ca",
              "@h/d?", "a,b"]  # fmt: skip
    urls = ["postgresql://" + "".join(chance.choices(pieces, k=chance.randint(1, 9))) for _ in range(200)]
    urls += [f"postgresql://u:p@h/d?{''.join(chance.choices(pieces[23:-2], k=4)).removeprefix('&')}" for _ in range(100)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        commands = list(pool.map(lambda url: checked(stack, url, BETTER_AUTH_URL="https://app.test"), urls))
    taken = 0
    for url, command, web in zip(urls, commands, by_web_app(compiled, urls, "mistakes"), strict=True):
        assert web["mistakes"] == command, (url, command, web)
        taken += command == []
    assert 20 < taken < len(urls) - 20

"""Asking health addresses of servers that answer in every way there is."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator

import pytest

from kestra_tasks.core.addresses import parse
from kestra_tasks.core.verdict import Answer
from kestra_tasks.probes.health import ask, check, read_body
from tests.helpers.launcher_world import FakeServices, Manner


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeServices]:
    services = FakeServices()
    yield services
    services.close()


def asked(fake: FakeServices, manner: Manner, timeout: float = 0.5) -> Answer:
    return check(parse(fake.url("x", manner)), timeout)


def test_answers(fake: FakeServices) -> None:
    found = asked(fake, Manner())
    assert (found.trouble, found.code, found.word) == ("", 200, "UP")
    assert 0 < found.ms < 400
    found = asked(fake, Manner(503, '{"status":"DOWN","details":{"db":{"status":"DOWN"}}}'))
    assert (found.code, found.word, found.parts) == (503, "DOWN", ("db",))


@pytest.mark.parametrize(
    ("raw", "trouble", "code"),
    [
        (b"", "not_http", 0),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "not_http", 0),
        (b"HTTP/1.1 abc\r\n\r\n", "not_http", 0),
        (b"\0" * 40_000, "not_http", 0),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "", 204),
        (b"HTTP/1.0 200 OK\r\n\r\nfree text", "", 200),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", "", 200),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "", 200),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "", 200),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000, "", 200),
    ],
)
def test_odd_answers(fake: FakeServices, raw: bytes, trouble: str, code: int) -> None:
    found = asked(fake, Manner(raw=raw))
    assert (found.trouble, found.code) == (trouble, code)


def test_chunked_body_is_read(fake: FakeServices) -> None:
    body = b'b\r\n{"status":"\r\n4\r\nup"}\r\n0\r\n\r\n'
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    assert asked(fake, Manner(raw=raw)).word == "UP"


def test_time_limit_holds(fake: FakeServices) -> None:
    begun = time.monotonic()
    assert asked(fake, Manner(delay=9), 0.3).trouble == "timeout"
    assert time.monotonic() - begun < 5


def test_a_body_that_never_ends_is_an_answer() -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        for _ in range(100):
            writer.write(b"data: 1\n\n")
            await asyncio.sleep(0.05)

    async def both() -> Answer:
        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            return await ask(parse(f"http://127.0.0.1:{port}/"), 0.3)

    found = asyncio.run(both())
    assert (found.trouble, found.code) == ("", 200)
    assert found.ms < 300


def test_nobody_there() -> None:
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))  # bound, but not listening
        port = plug.getsockname()[1]
        assert check(parse(f"http://localhost:{port}/")).trouble == "refused"
        assert check(parse(f"tcp://127.0.0.1:{port}", ("tcp",))).trouble == "refused"
    assert check(parse("http://no-such-host.invalid/"), 3).trouble in ("no_host", "timeout")


def test_tcp_is_a_connection(fake: FakeServices) -> None:
    found = check(parse(f"tcp://localhost:{fake.port}", ("tcp",)))
    assert (found.trouble, found.code) == ("", 0)


def test_plain_http_at_a_tls_address() -> None:
    async def plain(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def both() -> Answer:
        server = await asyncio.start_server(plain, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            return await ask(parse(f"https://localhost:{port}/"), 2)

    assert asyncio.run(both()).trouble == "tls"


@pytest.mark.parametrize(
    ("body", "word", "parts"),
    [
        (b'{"status":"up"}', "UP", ()),
        (b'{"status":"out of service"}', "OUT_OF_SERVICE", ()),
        (b'{"status":"<script>"}', "", ()),
        (b'{"status":{"a":1}}', "", ()),
        (b'{"components":{"<b>":{"status":"DOWN"},"db":{"status":"DOWN"}}}', "", ("db",)),
        (b'{"checks":[1]}', "", ()),
        (b"[" * 60_000, "", ()),
        (b"\xff\xfe", "", ()),
        (b"", "", ()),
    ],
)
def test_bodies(body: bytes, word: str, parts: tuple[str, ...]) -> None:
    assert read_body(body) == (word, parts)

"""Asking a health address: one small request, a hard time limit, an answer that is always given.

Nothing here raises for what a server does; every way to fail is an `Answer` with its trouble.
"""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import re
import socket
import ssl
import time
from functools import cache
from typing import Any

from kestra_tasks.core.addresses import Url
from kestra_tasks.core.verdict import Answer

TIMEOUT = 4.0
_HEAD_LIMIT = 16_384
_BODY_LIMIT = 65_536
_WORD = re.compile(r"[A-Za-z][A-Za-z _-]{0,23}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}", re.ASCII)


def check(url: Url, timeout: float = TIMEOUT) -> Answer:
    """Ask once and wait for it; for code without an event loop."""
    return asyncio.run(ask(url, timeout))


async def ask(url: Url, timeout: float = TIMEOUT) -> Answer:
    """Ask an address once: GET for http and https, a connection for tcp.

    Args:
        timeout: seconds for all of it: name, connection, answer.
    """
    begun = time.perf_counter()
    heard = _Heard()
    try:
        async with asyncio.timeout(timeout):
            await _talk(url, heard)
    except TimeoutError:
        if not heard.head:  # a body that never ends is an answer all the same
            return Answer("timeout", ms=_since(begun))
    except ssl.SSLError:
        return Answer("tls", ms=_since(begun))
    except socket.gaierror:
        return Answer("no_host", ms=_since(begun))
    except ConnectionRefusedError:
        return Answer("refused", ms=_since(begun))
    except (OSError, UnicodeError):
        if not heard.head:
            return Answer("not_http" if heard.connected else "unreachable", ms=_since(begun))
    ms = (heard.at or time.perf_counter()) - begun
    return Answer(ms=ms * 1000) if url.scheme == "tcp" else _read(heard, ms * 1000)


class _Heard:
    """What came in so far, kept where a time limit can't take it away."""

    def __init__(self) -> None:
        self.connected = False
        self.head = b""
        self.body = b""
        self.at = 0.0


async def _talk(url: Url, heard: _Heard) -> None:
    reader, writer = await _connect(url)
    heard.connected, heard.at = True, time.perf_counter()
    try:
        if url.scheme == "tcp":
            return
        request = (
            f"GET {url.target} HTTP/1.1\r\nHost: {url.authority}\r\n"
            "Accept: application/json, */*;q=0.5\r\nUser-Agent: kestra-tasks\r\n"
            "Connection: close\r\n\r\n"
        )
        writer.write(request.encode("ascii"))
        await writer.drain()
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise ConnectionError("no HTTP head") from error
        heard.at, heard.head = time.perf_counter(), head
        length = _length(head)
        wanted = _BODY_LIMIT if length is None else min(length, _BODY_LIMIT)
        while len(heard.body) < wanted:
            chunk = await reader.read(wanted - len(heard.body))
            heard.body += chunk
            if not chunk or (length is None and heard.body.endswith(b"\r\n0\r\n\r\n")):
                return
    finally:
        # Not closed politely: a peer that hangs must not hold this up.
        writer.transport.abort()


async def _connect(url: Url) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    options: dict[str, Any] = {"limit": _HEAD_LIMIT}
    if url.scheme == "https":
        options |= {"ssl": _tls(url.loopback), "server_hostname": url.host}
    # localhost is looked up by no resolver, which could be the slow part.
    hosts = ("127.0.0.1", "::1") if url.host == "localhost" else (url.host,)
    for host in hosts[:-1]:
        try:
            return await asyncio.open_connection(host, url.port, **options)
        except ConnectionRefusedError:
            continue
    try:
        return await asyncio.open_connection(hosts[-1], url.port, **options)
    except OSError as error:
        if len(hosts) > 1 and not isinstance(error, ssl.SSLError):
            raise ConnectionRefusedError from error  # IPv6 may be off; IPv4 refused
        raise


@cache
def _tls(loopback: bool) -> ssl.SSLContext:
    """This machine's own services have certificates that nobody signed."""
    context = ssl.create_default_context()
    if loopback:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _length(head: bytes) -> int | None:
    found = re.search(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", head, re.IGNORECASE)
    return int(found[1]) if found else None


def _read(heard: _Heard, ms: float) -> Answer:
    response = http.client.HTTPResponse(_Recorded(heard.head + heard.body))  # type: ignore[arg-type]
    try:
        response.begin()
        code = response.status
    except (http.client.HTTPException, ValueError, OSError):
        return Answer("not_http", ms=ms)
    try:
        body = response.read()
    except http.client.IncompleteRead as error:
        body = error.partial
    except (http.client.HTTPException, ValueError, OSError):
        body = b""
    word, parts = read_body(body)
    return Answer("", code, word, parts, ms)


class _Recorded:
    """A finished exchange where http.client expects a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def read_body(body: bytes) -> tuple[str, tuple[str, ...]]:
    """The status word of a health body, in capitals, and the parts that it calls bad.

    Understands `{"status": "DOWN", "details": {name: {"status": "DOWN"}}}` (Micronaut, Spring's
    `components`, `checks` as a mapping); anything else gives no word. At most three parts.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return "", ()
    if not isinstance(found, dict):
        return "", ()
    word = _status(found)
    parts: list[str] = []
    for field in ("details", "components", "checks"):
        inner = found.get(field)
        for name, value in inner.items() if isinstance(inner, dict) else ():
            if _NAME.fullmatch(name) and _status(value) not in ("", "UP", "OK", "PASS", "UNKNOWN"):
                parts.append(name)
    return word, tuple(parts[:3])


def _status(value: Any) -> str:
    word = value.get("status") if isinstance(value, dict) else None
    if not isinstance(word, str) or not _WORD.fullmatch(word):
        return ""
    return word.strip().upper().replace(" ", "_").replace("-", "_")


def _since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000

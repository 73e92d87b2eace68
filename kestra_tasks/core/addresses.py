"""Addresses out of the services manifest: `${VAR:-default}` filled in, then checked.

A manifest is shown to whoever opens the status page, and a value of `.env` may be a secret. So
only variables whose name says port, host, address, scheme or domain are filled in, and only
where the value looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

_VARIABLE = re.compile(
    r"\$(?:(?P<escaped>\$)|\{(?P<braced>[A-Za-z_]\w*)(?::?-(?P<default>(?:[^{}]|\$\{[^{}]*\})*))?\}"
    r"|(?P<plain>[A-Za-z_]\w*))",
    re.ASCII,
)
_SECRET_NAME = re.compile(r"PASS|SECRET|TOKEN|KEY|CREDENTIAL|PRIVATE|WEBHOOK|DSN", re.IGNORECASE)
_FILLED_NAME = re.compile(
    r"(?:\A|_)(?:PORT|HOST|HOSTNAME|ADDRESS|SCHEME|PROTOCOL|DOMAIN|URL)\Z", re.IGNORECASE
)
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9.\-_:\[\]]{0,253}", re.ASCII)
_URL_VALUE = re.compile(r"https?://[A-Za-z0-9.\-_:\[\]]{1,253}/?", re.ASCII)
_LENGTH = 2000


@dataclass(frozen=True)
class Url:
    """An address that can be asked.

    Attributes:
        text: the whole of it, without user and password.
        scheme: "http", "https" or "tcp".
        host: name or IP address, without brackets.
        port: TCP port.
        target: path and query, as an HTTP request line has them; "/" for tcp.
    """

    text: str
    scheme: str
    host: str
    port: int
    target: str = "/"

    @property
    def loopback(self) -> bool:
        """Whether it is this machine by its own name."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def authority(self) -> str:
        """Host and port as a Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = {"http": 80, "https": 443}.get(self.scheme)
        return host if self.port == default else f"{host}:{self.port}"


class AddressError(ValueError):
    """An address that can't be used; its text says why, and holds no value of `.env`."""


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds what must not be shown."""
    return bool(_SECRET_NAME.search(name))


def secret_values(variables: Mapping[str, str]) -> tuple[str, ...]:
    """The values of `.env` that must not be seen in any answer.

    Shorter ones than six characters are left out: masking them would eat ordinary words.
    """
    found = {value for name, value in variables.items() if is_secret_name(name)}
    for value in variables.values():
        if "@" in value and "://" in value:
            found.add(_password(value))
    return tuple(sorted(value for value in found if len(value) >= 6))


def fill_in(template: str, variables: Mapping[str, str]) -> str:
    """Replace `${NAME}`, `${NAME:-default}`, `$NAME` and `$$` in an address.

    Raises:
        AddressError: a variable isn't set and has no default, may not be shown, or its value
            can't be part of an address.
    """

    def value(match: re.Match[str]) -> str:
        if match["escaped"]:
            return "$"
        name = match["braced"] or match["plain"]
        if is_secret_name(name) or not _FILLED_NAME.search(name):
            raise AddressError(f"${{{name}}} isn't a port, host or address: it isn't filled in")
        found = variables.get(name, "")
        if not found:
            if match["default"] is None:
                raise AddressError(f"${{{name}}} isn't set and has no default")
            return fill_in(match["default"], variables)
        allowed = _URL_VALUE if name.upper().endswith("URL") else _PLAIN_VALUE
        if not allowed.fullmatch(found):
            raise AddressError(f"the value of ${{{name}}} can't be part of an address")
        return found

    return _VARIABLE.sub(value, template)


def parse(text: str, schemes: tuple[str, ...] = ("http", "https")) -> Url:
    """Check an address and take it apart.

    Raises:
        AddressError: not one of `schemes`, no host, a port that is none, or characters that
            no address has.
    """
    if len(text) > _LENGTH:
        raise AddressError(f"it is longer than {_LENGTH} characters")
    if not text.isascii() or not text.isprintable() or any(c in text for c in " <>\"'`{}\\^|"):
        raise AddressError("it has characters that no address has")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError("it isn't an address") from error
    scheme = parts.scheme.lower()
    if scheme not in schemes:
        raise AddressError(f"it must begin with {' or '.join(f'{s}://' for s in schemes)}")
    port = port if port is not None else {"http": 80, "https": 443}.get(scheme, 0)
    if not host or not port:
        raise AddressError("it has no host" if not host else "it has no port")
    shown = f"[{host}]" if ":" in host else host
    shown = shown if parts.port is None else f"{shown}:{port}"
    target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    whole = urlunsplit((scheme, shown, parts.path, parts.query, parts.fragment))
    return Url(whole, scheme, host, port, "/" if scheme == "tcp" else target)


def _password(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""

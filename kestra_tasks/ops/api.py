"""A client of Kestra's API, for servers with the tenant in the path and older ones without."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import requests
from requests.auth import HTTPBasicAuth

from kestra_tasks.errors import KestraTasksError, UnhealthyError
from kestra_tasks.ops.wait import Deadline, until

_TENANT = "/api/v1/main"
_PLAIN = "/api/v1"
_ENDED = {"SUCCESS", "FAILED", "KILLED", "WARNING", "CANCELLED", "SKIPPED", "RETRIED"}


class ApiError(UnhealthyError):
    """The API answered something else than was asked for, or nothing."""


class LoginRefusedError(ApiError):
    """The API refuses the user or the password."""


@dataclass(frozen=True)
class Execution:
    """A run of a flow: its id and state, such as RUNNING or SUCCESS."""

    id: str
    state: str

    @property
    def ended(self) -> bool:
        return self.state in _ENDED


class Api:
    """Kestra's API at `base`, such as http://127.0.0.1:8080.

    Args:
        user, password: basic auth; without a user none is sent.
        timeout: seconds that one request may take.

    Raises:
        LoginRefusedError: from any method, where the server answers 401.
        ApiError: from any method, where it answers otherwise than expected, or not at all.
    """

    def __init__(self, base: str, user: str = "", password: str = "", timeout: float = 10) -> None:
        self._base = base.rstrip("/")
        self._timeout = timeout
        self._session = requests.Session()
        # Neither a proxy nor a ~/.netrc has a say in a call to this machine.
        self._session.trust_env = False
        if user:
            # Bytes: requests would take a text for Latin-1.
            self._session.auth = HTTPBasicAuth(user.encode(), password.encode())

    @cached_property
    def prefix(self) -> str:
        """`/api/v1/main`, or `/api/v1` on servers from before the tenant (below 0.23)."""
        answer = self._call("GET", f"{_TENANT}/flows/search?size=1", {200, 404, 405})
        return _TENANT if answer.status_code == 200 else _PLAIN

    def login(self) -> None:
        """Prove that user and password are taken, on a path that needs the database."""
        self._call("GET", f"{self.prefix}/flows/search?size=1", {200})

    def is_open(self) -> bool:
        """Whether the server answers without a login, which it must not."""
        paths = [f"{prefix}/flows/search?size=1" for prefix in (_TENANT, _PLAIN)]
        return any(reachable(self._base + path, self._timeout)[0] == 200 for path in paths)

    def page(self, path: str) -> tuple[int, str]:
        """GET a page with the login, redirects followed; its status and first bytes."""
        try:
            answer = self._session.get(self._base + path, timeout=self._timeout)
        except requests.RequestException as error:
            raise ApiError(f"{self._base}{path} got no answer: {_reason(error)}") from error
        return answer.status_code, answer.text[:2000]

    def version(self) -> str:
        """The server's own version; "" where it doesn't say."""
        for path in (f"{_PLAIN}/configs", f"{_TENANT}/configs"):
            answer = self._call("GET", path, {200, 404, 405})
            if answer.status_code == 200:
                return str(answer.json().get("version", ""))
        return ""

    def flow(self, namespace: str, flow: str) -> dict[str, Any] | None:
        """The flow as the server keeps it; None where there is none."""
        answer = self._call("GET", f"{self.prefix}/flows/{namespace}/{flow}", {200, 404})
        return answer.json() if answer.status_code == 200 else None

    def put_flow(self, namespace: str, flow: str, source: str) -> None:
        """Create the flow, or bring it up to date."""
        body = source.encode()
        exists = self.flow(namespace, flow) is not None
        path = f"{self.prefix}/flows" + (f"/{namespace}/{flow}" if exists else "")
        self._call(
            "PUT" if exists else "POST", path, {200, 201}, data=body, kind="application/x-yaml"
        )

    def delete_flow(self, namespace: str, flow: str) -> bool:
        """Delete the flow; False where there was none."""
        answer = self._call("DELETE", f"{self.prefix}/flows/{namespace}/{flow}", {200, 204, 404})
        return answer.status_code != 404

    def execute(
        self, namespace: str, flow: str, inputs: Mapping[str, str] | None = None
    ) -> Execution:
        """Start the flow and return at once."""
        path = f"{self.prefix}/executions/{namespace}/{flow}"
        files = {name: (None, value) for name, value in (inputs or {}).items()}
        answer = self._call("POST", path, {200, 201}, files=files or None)
        return _execution(answer.json())

    def execution(self, execution: str) -> Execution | None:
        """The execution's state now; None while the server doesn't know it yet."""
        answer = self._call("GET", f"{self.prefix}/executions/{execution}", {200, 404})
        return _execution(answer.json()) if answer.status_code == 200 else None

    def wait(
        self, execution: str, seconds: float, sleep: Callable[[float], None] = time.sleep
    ) -> Execution:
        """Wait for the execution's end; the last state seen where it took longer.

        Raises:
            ApiError: the server never knew of it.
        """
        seen: list[Execution] = []

        def ended() -> Execution | None:
            found = self.execution(execution)
            seen.extend([found] if found else [])
            return found if found and found.ended else None

        until(ended, Deadline.after(seconds), sleep=sleep)
        if not seen:
            raise ApiError(f"the server knows nothing of execution {execution}")
        return seen[-1]

    def logs(self, execution: str) -> list[str]:
        """The messages that the execution logged."""
        answer = self._call("GET", f"{self.prefix}/logs/{execution}", {200})
        return [str(line.get("message", "")) for line in answer.json()]

    def delete_execution(self, execution: str) -> bool:
        """Delete the execution with its log; False where the server can't or knows none."""
        path = f"{self.prefix}/executions/{execution}"
        answer = self._call("DELETE", path, {200, 204, 404, 405})
        return answer.status_code in (200, 204)

    def _call(
        self,
        method: str,
        path: str,
        expected: set[int],
        *,
        data: bytes | None = None,
        files: Mapping[str, Any] | None = None,
        kind: str | None = None,
    ) -> requests.Response:
        url = self._base + path
        headers = {"Content-Type": kind} if kind else {}
        try:
            answer = self._session.request(
                method, url, data=data, files=files, headers=headers, timeout=self._timeout
            )
        except requests.RequestException as error:
            raise ApiError(f"{method} {url} got no answer: {_reason(error)}") from error
        if answer.status_code == 401 and 401 not in expected:
            raise LoginRefusedError(
                f"{self._base} refuses the user or the password",
                "the server runs with others than .env says: inv kestra.restart",
            )
        if answer.status_code not in expected:
            raise ApiError(f"{method} {url} answered {answer.status_code}: {_said(answer)}")
        return answer


def reachable(url: str, timeout: float = 2) -> tuple[int, str]:
    """GET `url` without a login.

    Returns:
        The status and the first bytes of the body; (0, reason) where nobody answers.
    """
    session = requests.Session()
    session.trust_env = False
    try:
        answer = session.get(url, timeout=timeout, allow_redirects=False)
    except requests.RequestException as error:
        return 0, _reason(error)
    return answer.status_code, answer.text[:2000]


def _execution(document: Mapping[str, Any]) -> Execution:
    try:
        return Execution(str(document["id"]), str(document["state"]["current"]))
    except (KeyError, TypeError) as error:
        raise KestraTasksError("the server's answer isn't an execution") from error


def _said(answer: requests.Response) -> str:
    try:
        words = str(answer.json().get("message", ""))
    except (ValueError, AttributeError):
        words = answer.text
    return " ".join(words.split())[:300] or answer.reason


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    text = str(error)
    for known in ("Connection refused", "Connection reset", "Remote end closed", "No route"):
        if known in text:
            return known.lower()
    return type(error).__name__

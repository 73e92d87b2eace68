"""The API's answers, for its OpenAPI description."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

Language = Literal["en", "pt-BR"]
StatusWord = Literal["up", "degraded", "down", "starting", "stopped", "unknown"]


class Commands(BaseModel):
    start: str | None = None
    stop: str | None = None
    logs: str | None = None


class Service(BaseModel):
    """A service of the manifest and its state."""

    id: str
    name: str
    type: str | None
    stack: str | None
    description: str | None
    path: str | None
    managed: str | None
    status: StatusWord
    reason: str = Field(description="Why, in words of the language asked for.")
    reasonCodes: list[str] = Field(description="The same for programs.")
    source: Literal["http", "tcp", "container"] | None = Field(
        description="What decided: the health address, or the container as `docker ps` shows it."
    )
    since: str | None = Field(description="When it came into this state; RFC 3339.")
    latencyMs: float | None = Field(description="Of the last answer of its health address.")
    port: int | None
    uiUrl: str | None
    healthUrl: str | None
    container: str | None
    image: str | None
    version: str | None
    uptime: int | None = Field(description="Seconds since its container was started.")
    restarts: int | None = Field(description="By its restart policy.")
    commands: Commands
    updatedAt: str | None = Field(description="When it was last looked at; RFC 3339.")


class HalfMinute(BaseModel):
    at: str
    status: StatusWord
    latencyMs: float | None = Field(description="Mean of the half minute.")
    mostMs: float | None = Field(description="Slowest answer of the half minute.")


class Change(BaseModel):
    at: str
    before: StatusWord
    status: StatusWord
    reason: str


class ServiceInFull(Service):
    """A service with its last hour."""

    history: list[HalfMinute] = Field(description="Known half minutes, oldest first.")
    changes: list[Change] = Field(description="Changes of state, newest first; at most 50.")


class ManifestState(BaseModel):
    file: str
    readAt: str | None
    error: str | None = Field(description="Why the file as it is now can't be read.")
    problems: list[str] = Field(description="What was left out of it, with file and line.")


class Health(BaseModel):
    """Whether this page itself works; the services' states don't count here."""

    status: Literal["UP", "DOWN"]
    services: int
    manifest: ManifestState
    docker: str | None = Field(description="Why Docker can't be asked; null where it can.")


class Error(BaseModel):
    detail: str

"""The web application: an API, event streams, metrics and one page; it reads and shows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Header, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, StreamingResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from launcher import metrics, models, texts, view
from launcher.guard import Guard
from launcher.monitor import Monitor
from launcher.page import Pages
from launcher.streams import Streams

_HERE = Path(__file__).parent
_JSON = "application/json"
_EVENTS = "text/event-stream"

Lang = Annotated[models.Language | None, Query(description="Language of the reasons.")]
Accepted = Annotated[str | None, Header(alias="accept-language", include_in_schema=False)]


def create_app(monitor: Monitor, names: Iterable[str] = ()) -> FastAPI:
    """The application around a monitor, which starts and stops with it.

    Args:
        names: host names that are served besides localhost and IP addresses.
    """

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        await monitor.start()
        yield
        await monitor.stop()

    app = FastAPI(
        title="Service Launcher",
        version="1",
        description="The services of a monorepo and their states. Read only.",
        lifespan=life,
        docs_url=None,  # both would load scripts from elsewhere
        redoc_url=None,
    )
    pages = Pages(monitor)
    streams = Streams(monitor, pages)
    app.include_router(_api(monitor, streams))
    app.include_router(_page(pages, streams), include_in_schema=False)
    app.mount("/static", _Static(directory=_HERE / "static"))
    app.add_middleware(Guard, names=names)
    return app


def _api(monitor: Monitor, streams: Streams) -> APIRouter:
    api = APIRouter()

    @api.get("/api/services", response_model=list[models.Service], tags=["services"])
    async def services(lang: Lang = None, accepted: Accepted = None) -> Response:
        """All services in the manifest's order."""
        language = texts.choose(lang, accepted)
        body = view.services_json(monitor, monitor.records.values(), language)
        return Response(body, media_type=_JSON, headers={"Content-Language": language})

    @api.get(
        "/api/services/{ident}",
        response_model=models.ServiceInFull,
        responses={404: {"model": models.Error, "description": "No such service"}},
        tags=["services"],
    )
    async def service(ident: str, lang: Lang = None, accepted: Accepted = None) -> Response:
        """One service with its last hour."""
        record = monitor.records.get(ident)
        if record is None:
            raise HTTPException(404, "the manifest has no service of that id")
        language = texts.choose(lang, accepted)
        body = view.dump(view.service_in_full(monitor, record, language))
        return Response(body, media_type=_JSON, headers={"Content-Language": language})

    @api.get(
        "/api/events",
        response_class=StreamingResponse,
        responses={
            200: {"content": {_EVENTS: {"schema": {"type": "string"}}}},
            503: {"model": models.Error, "description": "Too many streams are open"},
        },
        tags=["services"],
    )
    async def events(lang: Lang = None, accepted: Accepted = None) -> Response:
        """Server-sent events: `snapshot` once, then `services` (changed ones) and `removed`."""
        return _stream(streams, streams.services(texts.choose(lang, accepted)))

    @api.get(
        "/health",
        response_model=models.Health,
        responses={503: {"model": models.Health, "description": "It has stopped watching"}},
        tags=["launcher"],
    )
    async def health() -> JSONResponse:
        """Whether the launcher itself works."""
        found = view.health(monitor)
        return JSONResponse(found, 200 if found["status"] == "UP" else 503)

    @api.get("/metrics", response_class=PlainTextResponse, tags=["launcher"])
    async def prometheus() -> Response:
        """Metrics in Prometheus' text format."""
        return Response(
            metrics.text(monitor, streams.open), headers={"Content-Type": metrics.CONTENT_TYPE}
        )

    return api


def _page(pages: Pages, streams: Streams) -> APIRouter:
    router = APIRouter()

    @router.get("/", response_class=HTMLResponse)
    async def page(
        lang: str | None = None, q: str = "", status: str = "", accepted: Accepted = None
    ) -> HTMLResponse:
        language = texts.choose(lang, accepted)
        html = pages.page(language, q[:200], status[:20])
        return HTMLResponse(html, headers={"Content-Language": language, "Vary": "Accept-Language"})

    @router.get("/live")
    async def live(request: Request, lang: str | None = None, since: str = "") -> Response:
        last = request.headers.get("last-event-id") or since
        return _stream(streams, streams.page(texts.choose(lang, None), last))

    @router.get("/favicon.ico")
    async def favicon() -> Response:
        return Response(status_code=204)

    return router


def _stream(streams: Streams, events: AsyncIterator[bytes]) -> Response:
    if streams.full:
        return JSONResponse({"detail": "too many streams are open"}, 503)
    return StreamingResponse(events, media_type=_EVENTS, headers={"X-Accel-Buffering": "no"})


class _Static(StaticFiles):
    """Files that a browser asks about each time, and mostly has already."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response

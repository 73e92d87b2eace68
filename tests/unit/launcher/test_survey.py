"""The one look at all services that scripts take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kestra_tasks.core.reasons import say
from kestra_tasks.errors import PreconditionError
from kestra_tasks.probes.survey import survey
from kestra_tasks.settings import Settings
from tests.helpers.launcher_world import NO_DOCKER, FakeServices, Manner, write_root

ENVIRON = {"DOCKER_HOST": NO_DOCKER}


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeServices]:
    services = FakeServices()
    yield services
    services.close()


def test_asks_all_side_by_side(fake: FakeServices, tmp_path: Path) -> None:
    services = [
        {"id": "kestra-orchestrator", "healthUrl": "http://localhost:${K_PORT}/kestra/health"},
        *({"id": f"h{i}", "healthUrl": fake.url(f"h{i}", Manner(delay=60))} for i in range(5)),
        "no entry",
    ]
    fake.manners["kestra"] = Manner(503, '{"status":"DOWN"}')
    root = write_root(tmp_path, services, f"K_PORT={fake.port}\n")  # type: ignore[arg-type]
    begun = time.monotonic()
    found = survey(root, Settings(), environ=ENVIRON, timeout=0.5)
    assert time.monotonic() - begun < 2.4  # one after the other takes 2.5
    said = {service.ident: (str(v.status), say(v.words, "pt-BR")) for service, v in found.found}
    assert said["kestra-orchestrator"] == ("down", "a saúde diz DOWN")
    assert said["h4"][0] == "down" and "não respondeu em 0.5 s" in said["h4"][1]
    assert len(found.problems) == 1
    chosen = survey(root, Settings(), ["kestra"], environ=ENVIRON, timeout=0.5)
    assert [service.ident for service, _ in chosen.found] == ["kestra-orchestrator"]


def test_without_a_manifest(tmp_path: Path) -> None:
    with pytest.raises(PreconditionError) as caught:
        survey(tmp_path, Settings(), environ=ENVIRON)
    assert caught.value.hint == "inv kestra.manifest"

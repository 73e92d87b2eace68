"""Which container runs a service: by which sign, and never another monorepo's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kestra_tasks.core.matching import KESTRA, find_container
from kestra_tasks.core.services import Service
from kestra_tasks.core.verdict import ContainerState

ROOT = "/m"
HERE, NEXT = ("/m/deploy/compose.yml",), ("/mine/deploy/compose.yml",)

NAMED = Service("shop", container="shop-1")
STARTED = Service("shop", compose_file="./deploy/compose.yml", compose_service="api")
FILELESS = Service("shop", compose_service="api")
BARE = Service("shop")
ORCHESTRATOR = Service(KESTRA)


def composed(service: str, files: tuple[str, ...]) -> ContainerState:
    return ContainerState("p-1", service=service, config_files=files)


@pytest.mark.parametrize(
    ("service", "container", "found"),
    [
        pytest.param(NAMED, ContainerState("shop-1"), True, id="named by the entry"),
        pytest.param(NAMED, ContainerState("shop-2"), False, id="another name"),
        pytest.param(STARTED, composed("api", HERE), True, id="its file and service"),
        pytest.param(STARTED, composed("web", HERE), False, id="another service"),
        pytest.param(STARTED, composed("api", ("/m/b.yml",)), False, id="another file"),
        pytest.param(STARTED, composed("api", NEXT), False, id="the next monorepo's file"),
        pytest.param(FILELESS, composed("api", HERE), True, id="its service without a file"),
        pytest.param(FILELESS, composed("api", NEXT), False, id="the next monorepo's service"),
        pytest.param(BARE, ContainerState("shop"), True, id="called like the id"),
        pytest.param(BARE, composed("shop", HERE), True, id="a service called like the id"),
        pytest.param(BARE, composed("shop", NEXT), False, id="the next monorepo's of that id"),
        pytest.param(BARE, composed("api", HERE), False, id="another service of this monorepo"),
        pytest.param(BARE, ContainerState("", service=""), False, id="no sign of its own"),
        pytest.param(
            ORCHESTRATOR, ContainerState("w", role="wrapper", root=ROOT), True, id="the wrapper's"
        ),
        pytest.param(
            ORCHESTRATOR, ContainerState("w", role="wrapper", root="/n"), False, id="the next's"
        ),
        pytest.param(
            ORCHESTRATOR, replace(composed("k", HERE), role="server"), True, id="our server"
        ),
        pytest.param(
            ORCHESTRATOR, replace(composed("k", HERE), role="database"), False, id="our database"
        ),
        pytest.param(
            BARE, replace(composed("k", HERE), role="server"), False, id="our server for another id"
        ),
    ],
)
def test_a_container_is_known_by(service: Service, container: ContainerState, found: bool) -> None:
    other = ContainerState("other", service="other", config_files=HERE)
    assert find_container(service, [other, container], ROOT) is (container if found else None)


def test_the_surest_sign_counts_first() -> None:
    service = replace(STARTED, ident=KESTRA, container="shop-1")
    signs = [
        ContainerState("shop-1"),
        composed("api", HERE),
        ContainerState(KESTRA),
        ContainerState("w", role="wrapper", root=ROOT),
    ]
    while signs:
        assert find_container(service, signs[::-1], ROOT) is signs[0]
        del signs[0]


def test_of_several_the_running_one_then_the_last_started() -> None:
    first, second = composed("api", HERE), replace(composed("api", HERE), started=2)
    exited = replace(second, state="exited", started=3)
    assert find_container(STARTED, [first, second, exited], ROOT) is second
    assert find_container(STARTED, [replace(exited, started=1), exited], ROOT) is exited

"""Which container runs a service of the manifest."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from kestra_tasks.core.services import Service
from kestra_tasks.core.verdict import ContainerState

KESTRA = "kestra-orchestrator"


def find_container(
    service: Service, containers: Sequence[ContainerState], root: str
) -> ContainerState | None:
    """The container that runs a service, or ran it last.

    By the name that the entry gives; by the Compose file and service of its start command; by a
    container, or a Compose service of this monorepo, that is called like its id; for Kestra also
    by our own label, which the wrapper's containers have.

    Args:
        root: the monorepo's folder, absolute, without symbolic links.
    """
    file = service.compose_file and posixpath.normpath(posixpath.join(root, service.compose_file))
    here = posixpath.join(root, "")

    def inside(c: ContainerState) -> bool:
        return c.root == root or any(path.startswith(here) for path in c.config_files)

    def in_file(c: ContainerState) -> bool:
        # Without -f the file is the folder's own, wherever the command is typed in here.
        mine = file in c.config_files if file else inside(c)
        return c.service == service.compose_service and mine

    def called_so(c: ContainerState) -> bool:
        return c.name == service.ident or (c.service == service.ident and inside(c))

    def kestra(c: ContainerState) -> bool:
        return service.ident == KESTRA and c.role in ("server", "wrapper") and inside(c)

    rules = (
        lambda c: bool(service.container) and c.name == service.container,
        lambda c: bool(service.compose_service) and in_file(c),
        called_so,
        kestra,
    )
    for rule in rules:
        found = [container for container in containers if rule(container)]
        if found:
            return max(found, key=lambda c: (c.state == "running", c.started))
    return None

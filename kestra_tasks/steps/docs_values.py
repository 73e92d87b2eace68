"""What the operators' documents are called, and what is filled into them."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Mapping

from kestra_tasks.core.tree import Tree
from kestra_tasks.settings import Settings
from kestra_tasks.steps.decisions import ports
from kestra_tasks.steps.docs_front import About
from kestra_tasks.templates import load

# Template: path below ops_docs, kind, tags.
_DOCUMENTS = {
    "kestra": ("orchestration/kestra.md", "guide", ("kestra", "orchestration", "ops")),
    "kestra-restart": ("runbooks/kestra-restart.md", "runbook", ("kestra", "runbook", "ops")),
    "kestra-checklist": ("runbooks/kestra-checklist.md", "runbook", ("kestra", "runbook", "ops")),
    "kestra-backup-restore": (
        "runbooks/kestra-backup-restore.md",
        "runbook",
        ("kestra", "runbook", "backup"),
    ),
}
_TITLES = {
    "en": {
        "kestra": ("Kestra", "Install, run, watch and mend the orchestrator."),
        "kestra-restart": ("Restart Kestra", "From the evidence to a server that works."),
        "kestra-checklist": ("Kestra checklist", "What to look at every day, week and change."),
        "kestra-backup-restore": ("Back up and restore Kestra", "Database and storage together."),
        "port-map": ("Service port map", "Every port of this machine that is taken on purpose."),
        "naming": ("Container naming", "How containers, volumes and networks are called."),
    },
    "pt-BR": {
        "kestra": ("Kestra", "Instalar, executar, acompanhar e consertar o orquestrador."),
        "kestra-restart": ("Reiniciar o Kestra", "Das evidências a um servidor que funciona."),
        "kestra-checklist": ("Checklist do Kestra", "O que olhar a cada dia, semana e mudança."),
        "kestra-backup-restore": (
            "Backup e restauração do Kestra",
            "Banco de dados e armazenamento juntos.",
        ),
        "port-map": ("Mapa de portas dos serviços", "Cada porta ocupada de propósito."),
        "naming": ("Nomes de contêineres", "Como se chamam contêineres, volumes e redes."),
    },
}


def documents(settings: Settings, *, pages: bool = False) -> dict[str, About]:
    """Each document by its template; with `pages`, the port map and naming document."""
    titles = _TITLES[settings.language]
    if pages:
        return {
            "port-map": About(
                settings.port_map, *titles["port-map"], "reference", ("ops", "ports")
            ),
            "naming": About(
                settings.naming_document, *titles["naming"], "policy", ("governance", "docker")
            ),
        }
    return {
        name: About(f"{settings.ops_docs}/{path}", *titles[name], kind, tags)
        for name, (path, kind, tags) in _DOCUMENTS.items()
    }


def table_page(template: str, settings: Settings) -> str:
    """A template without a seal or front matter of its own, such as a section's table."""
    return load(f"seeded/docs/{template}.{settings.language}.md").rstrip("\n")


def conditions(tree: Tree, settings: Settings) -> set[str]:
    """Names of the optional lines that stay."""
    keep = {settings.database}
    if tree.read(settings.port_map) is not None or "docs" in settings.create:
        keep.add("port_map")
    if tree.read(settings.start_stacks) is not None:
        keep.add("stacks")
    if tree.read(settings.health_check) is not None:
        keep.add("health_check")
    return keep


def values(tree: Tree, settings: Settings) -> Mapping[str, str]:
    """What stands in commands is quoted where a shell needs it."""
    http, management = ports(tree, settings)
    guide = f"{settings.ops_docs}/orchestration"
    return {
        "compose": f"docker compose -f {shlex.quote(settings.compose_file)}",
        "compose_file": settings.compose_file,
        "scripts": shlex.quote(settings.scripts_dir),
        "kestra_dir": settings.kestra_dir,
        "kestra_path": shlex.quote(settings.kestra_dir),
        "env_file": settings.env_file,
        "env_example": settings.env_example,
        "env_path": shlex.quote(settings.env_file),
        "container": settings.container,
        "postgres_container": settings.postgres_container,
        "wrapper_container": settings.wrapper_container,
        "image": settings.image,
        "postgres_image": settings.postgres_image,
        "volume": settings.volume,
        "network": settings.network,
        "stack": settings.stack,
        "prefix": settings.prefix,
        "memory": settings.memory,
        "http_port": str(http),
        "management_port": str(management),
        "smoke_http_port": str(settings.smoke_http_port),
        "smoke_management_port": str(settings.smoke_management_port),
        "start_stacks": shlex.quote(settings.start_stacks),
        "health_check": shlex.quote(settings.health_check),
        "port_map_link": posixpath.relpath(settings.port_map, guide).replace(" ", "%20"),
    }

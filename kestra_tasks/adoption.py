"""What a monorepo says of itself: the settings that `kestra.init` writes for it."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

from kestra_tasks.apply import apply
from kestra_tasks.core.adopt import planner, undo
from kestra_tasks.core.bashaim import USUAL, compose_name
from kestra_tasks.core.facts import Unavailable
from kestra_tasks.core.plan import Plan, Step, make_plan
from kestra_tasks.errors import PreconditionError, UsageError
from kestra_tasks.probes.git import has
from kestra_tasks.probes.search import find_ripgrep, search
from kestra_tasks.probes.tree import read_tree
from kestra_tasks.rim import Rim
from kestra_tasks.settings import Settings, from_mapping

# Setting to globs, the likeliest first; the shortest path of the first glob that finds one wins.
_PLACES = {
    "manifest": ("services-manifest.json", "services.manifest.json"),
    "port_map": ("service-port-map.md", "*port-map*.md", "*ports*.md", "*portas*.md"),
    "naming_document": ("*CONTAINER-NAMING*.md", "*NAMING-CONVENTION*.md", "*nomenclatura*.md"),
    "start_stacks": ("start-stacks.sh", "start-all*.sh"),
    "stop_stacks": ("stop-stacks.sh", "stop-all*.sh"),
    "health_check": ("health-check-all.sh", "health-check*.sh", "healthcheck*.sh"),
}
# The team's example of `.env`, the likeliest first.
_EXAMPLES = (
    *(".env.example", ".env.sample", ".env.template", ".env.exemplo", ".env.dist"),
    *("env.example", "env.sample", ".env.modelo", "example.env", ".example.env"),
)
# Folders of operators' documents.
_OPS = re.compile(r"(?i)(?:ops|operations?|operacoes|operações|operacao|sre)")
_STACK = re.compile(r"(?i)(?:^|[./_-])(tools|ferramentas)(?:[./_-]|$)")
_PORTUGUESE = re.compile(r"(?i)\b(?:não|serviços?|portas?|você|configuração|para|com)\b")
_ENGLISH = re.compile(r"(?i)\b(?:the|services?|ports?|you|configuration|for|with)\b")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def init(rim: Rim, *, remove: bool) -> None:
    """Write what was found into invoke.yaml and the tasks into tasks.py, or take both back.

    Raises:
        PreconditionError: a file can't be added to safely; the rest was written.
    """
    from kestra_tasks import integration

    found = {} if remove else find_settings(rim.root)
    step = Step("init", "", planner(found), undo)
    plain = Settings()
    made: Plan = make_plan(read_tree(rim.root), plain, [step], undo=remove)
    integration.show(rim, made, plain, applied=not rim.dry_run, whole=not remove)
    if not rim.dry_run:
        apply(rim.root, made)
    integration.settle(made)
    if not remove and not rim.json:
        rim.say("next: inv kestra.discover, then inv kestra.integrate --dry-run")


def find_settings(root: Path) -> dict[str, str]:
    """The settings that this monorepo needs, where they differ from the defaults."""
    composes = _composes(root)
    files = _files(root)
    found: dict[str, str] = {}
    stack = _stack(composes)
    if stack:
        found["compose_file"] = stack
        word = _STACK.search(compose_name(stack))
        found["stack"] = word[1].lower() if word else Settings.stack
    prefix = _prefix(root, stack or Settings.compose_file)
    if prefix:
        found["prefix"] = prefix
    network = _network(root, composes, stack)
    if network:
        found["network"] = network
    for name, globs in _PLACES.items():
        place = _place(files, globs)
        if place:
            found[name] = place
    documents = [found.get("port_map", Settings.port_map), "README.md"]
    if _is_portuguese(root, documents):
        found["language"] = "pt-BR"
    example = next((name for name in _EXAMPLES if (root / name).is_file()), None)
    if example:
        found["env_example"] = example
    operators = _ops_docs(root)
    if operators:
        found["ops_docs"] = operators
    if has(root, Settings.env_file):
        found["env_file"] = f"{Settings.env_file}.kestra"
    plain = unicodedata.normalize("NFKD", root.name).encode("ascii", "ignore").decode()
    label = re.sub(r"[^a-z0-9-]+", "-", plain.lower()).strip("-")
    if _LABEL.fullmatch(label):
        found["email_domain"] = f"{label}.local"
        # Kestra's network is made where nothing shares one: not under another project's name.
        found.setdefault("network", f"{label}_backend")
    return {k: v for k, v in found.items() if v != getattr(Settings, k) and _accepts(k, v)}


def _accepts(name: str, value: str) -> bool:
    try:
        from_mapping({name: value}, "found")
    except UsageError:
        return False
    return True


def _composes(root: Path) -> list[str]:
    found = search(root)
    if isinstance(found, Unavailable):
        raise PreconditionError(found.reason, "then run this again")
    return found.composes


def _files(root: Path) -> list[str]:
    """Files whose names could be one of `_PLACES`, relative, shortest path first."""
    program = find_ripgrep()
    if program is None:
        return []
    globs = [f"--iglob={glob}" for patterns in _PLACES.values() for glob in patterns]
    argv = [program, "--no-config", "--files", "--null", "--glob=!node_modules", *globs]
    done = subprocess.run(argv, cwd=root, capture_output=True, check=False, timeout=60)
    names = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    return sorted((n for n in names if n), key=lambda n: (n.count("/"), n))


def _place(files: list[str], globs: tuple[str, ...]) -> str | None:
    for glob in globs:
        for file in files:
            if PurePosixPath(file.lower()).match(glob.lower()):
                return file
    return None


def _ops_docs(root: Path) -> str | None:
    """The folder of operators' documents: one with runbooks, or one called so."""
    docs = root / "docs"
    if (root / Settings.ops_docs).is_dir() or not docs.is_dir():
        return None
    folders = sorted(
        (path for path in (*docs.glob("*/"), *docs.glob("*/*/")) if path.is_dir()),
        key=lambda path: (len(path.parts), path.name),
    )
    runbooks = [path.parent for path in folders if path.name.lower() == "runbooks"]
    named = [path for path in folders if _OPS.fullmatch(path.name)]
    chosen = next((path for path in (*runbooks, *named) if path != docs), None)
    return chosen.relative_to(root).as_posix() if chosen else None


def _stack(composes: list[str]) -> str | None:
    """The compose file of the tools stack; without one the default is created."""
    if Settings.compose_file in composes:
        return None
    named = [c for c in composes if _STACK.search(PurePosixPath(c).name)]
    # Where every stack has a folder, the files in them have one name.
    usual = [c for c in composes if PurePosixPath(c).name in USUAL]
    named = named or [c for c in usual if _STACK.fullmatch(PurePosixPath(c).parent.name)]
    return min(named, key=lambda c: (c.count("/"), c)) if named else None


def _prefix(root: Path, stack: str) -> str | None:
    """What all container names of the stack's file begin with, before the first hyphen."""
    services = _model(root / stack).get("services")
    found = services.values() if isinstance(services, dict) else ()
    names = [
        str(s["container_name"]) for s in found if isinstance(s, dict) and s.get("container_name")
    ]
    starts = {name.partition("-")[0] for name in names if "-" in name.strip("-")}
    return starts.pop() if len(starts) == 1 and all("-" in name for name in names) else None


def _network(root: Path, composes: list[str], stack: str | None) -> str | None:
    """The external network of the stack, else the one that most compose files share."""
    wanted = stack or Settings.compose_file
    own = _external(root / wanted) if wanted in composes else []
    if len(own) == 1:
        return own[0]
    shared = Counter(name for compose in composes for name in _external(root / compose))
    return shared.most_common(1)[0][0] if shared else None


def _model(file: Path) -> dict[str, Any]:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        model = yaml.load(file.read_bytes(), Loader=loader)  # noqa: S506 - a safe loader
    except (OSError, yaml.YAMLError, ValueError):
        return {}
    return model if isinstance(model, dict) else {}


def _external(file: Path) -> list[str]:
    networks = _model(file).get("networks")
    names = []
    for key, value in (networks if isinstance(networks, dict) else {}).items():
        external = value.get("external") if isinstance(value, dict) else None
        if external:
            inner = external.get("name") if isinstance(external, dict) else None
            names.append(str(inner or value.get("name") or key))
    return names


def _is_portuguese(root: Path, documents: list[str]) -> bool:
    text = ""
    for document in documents:
        try:
            text += (root / document).read_bytes()[:20_000].decode("utf-8", "replace")
        except OSError:
            continue
    return len(_PORTUGUESE.findall(text)) > len(_ENGLISH.findall(text))

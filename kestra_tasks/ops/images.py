"""Images: pulled where absent, never changed by themselves under existing data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from kestra_tasks.errors import PreconditionError
from kestra_tasks.ops import compose
from kestra_tasks.ops.containers import Container, Engine, Image
from kestra_tasks.ops.environment import Runtime
from kestra_tasks.ops.progress import Progress
from kestra_tasks.ops.runner import Result, Runner

RECORD = ".kestra-tasks.json"


@dataclass(frozen=True)
class Record:
    """What is kept beside the data, in the storage folder.

    It lies there because it must live and move as the data do: a container's labels end with
    `down`, and a volume's labels can't be changed.

    Attributes:
        image: name of the image that last ran on these data; image_id is its content's.
        ours: the storage folder was empty when Kestra first got it, so all in it is Kestra's.
    """

    image: str = ""
    image_id: str = ""
    version: str = ""
    ours: bool = False


def read_record(runtime: Runtime) -> Record | None:
    """The record of these data; None where there is none, or none that can be read."""
    try:
        found = json.loads((runtime.storage / RECORD).read_text(encoding="utf-8"))
        return Record(**{name: found[name] for name in asdict(Record())})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_record(runtime: Runtime, record: Record) -> bool:
    """Keep the record; False where the folder isn't ours to write in."""
    place = runtime.storage / RECORD
    try:
        new = place.with_suffix(".new")
        new.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
        new.replace(place)
    except OSError:
        return False
    return True


def absent(runtime: Runtime, engine: Engine) -> list[str]:
    """Images that have to be pulled."""
    return [
        image for image in dict.fromkeys(runtime.images.values()) if engine.image(image) is None
    ]


def pull(image: str, runner: Runner, progress: Progress) -> Result:
    """Pull one image, showing how many of its layers are there."""
    progress.stage(f"pulling {image}")
    layers: dict[str, bool] = {}

    def line(text: str) -> None:
        name, _, state = text.partition(": ")
        if state.startswith(("Pulling fs layer", "Waiting", "Already exists", "Pull complete")):
            layers[name] = state.startswith(("Already exists", "Pull complete"))
            progress.tick(f"{sum(layers.values())} of {len(layers)} layers")

    return runner.follow(compose.pull(image), line)


def is_floating(image: str) -> bool:
    """Whether what the name stands for may change: no tag, `latest…` or `…-develop`, no digest."""
    if "@sha256:" in image:
        return False
    _, colon, tag = image.rsplit("/", 1)[-1].partition(":")
    return not colon or tag.startswith("latest") or not any(sign.isdigit() for sign in tag)


def last_used(runtime: Runtime, container: Container | None) -> Record | None:
    """The image that last ran on these data: the container's, or the record's."""
    record = read_record(runtime)
    if container and container.started:
        version = record.version if record and record.image_id == container.image_id else ""
        return Record(container.image, container.image_id, version, bool(record and record.ours))
    return record if record and record.image_id else None


def guard(
    runtime: Runtime, engine: Engine, container: Container | None, *, accepted: bool
) -> str | None:
    """Refuse another image than the one that last ran on existing data.

    Returns:
        What to say where another image was accepted; None otherwise.

    Raises:
        PreconditionError: it is another one, and nobody accepted it.
    """
    last = last_used(runtime, container)
    wanted = engine.image(runtime.image)
    exists = not runtime.internal or engine.volume_project(runtime.volume) is not None
    if not exists or last is None or wanted is None or wanted.id == last.image_id:
        return None
    change = (
        f"{runtime.image} is {_short(wanted.id, wanted.version)} now, "
        f"but {last.image} {_short(last.image_id, last.version)} last ran on these data"
    )
    if accepted:
        return change
    raise PreconditionError(
        f"{change}; a newer server changes the database for good",
        "back up first, then: inv kestra.up --accept-image; "
        f"or stay: KESTRA_IMAGE={_stay(last)} in {runtime.env_file.name}",
    )


def describe(image: Image | None, container: Container) -> dict[str, str]:
    """Name, id, digest and version of the image that a container runs."""
    return {
        "name": container.image,
        "id": container.image_id,
        "digest": image.digest if image else "",
        "version": image.version if image else "",
    }


def used(runtime: Runtime, engine: Engine, server: Container) -> Record:
    """The record to keep once the server's container was started."""
    before = read_record(runtime)
    image = engine.image(server.image_id)
    return Record(
        server.image,
        server.image_id,
        image.version if image else "",
        bool(before and before.ours),
    )


def _short(image_id: str, version: str) -> str:
    short = image_id.removeprefix("sha256:")[:12]
    return f"{version} ({short})" if version else f"({short})"


def _stay(last: Record) -> str:
    name = last.image.split("@")[0].rsplit(":", 1)[0] if ":" in last.image else last.image
    return f"{name}:v{last.version.lstrip('v')}" if last.version else last.image_id

"""Room for Kestra: disks under its data and under the engine's, and memory."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from kestra_tasks.core.facts import Disk, Memory
from kestra_tasks.settings import Settings


def storage_folder(root: Path, settings: Settings, env: Mapping[str, str]) -> Path:
    """Where Kestra's storage will lie: KESTRA_STORAGE_DIR as Compose reads it, or our folder."""
    given = env.get("KESTRA_STORAGE_DIR")
    if not given:
        return root / settings.kestra_dir / "storage"
    return ((root / settings.compose_file).parent / given).resolve()


def read_disks(storage: Path, data_root: str | None) -> list[Disk]:
    """Free room where the storage will lie and, where it is this machine's, at the engine's."""
    places = [(storage, "Kestra's storage")]
    if data_root:
        places.append((Path(data_root), "the engine's images and volumes"))
    disks = []
    for place, purpose in places:
        existing = next((p for p in (place, *place.parents) if p.exists()), Path("/"))
        try:
            usage = shutil.disk_usage(existing)
        except OSError:
            continue
        disks.append(Disk(str(place), purpose, usage.free, usage.total))
    return disks


def read_memory() -> Memory:
    import psutil

    memory = psutil.virtual_memory()
    return Memory(memory.total, memory.available)

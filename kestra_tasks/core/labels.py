"""The names of the labels by which a container, volume or network is known."""

from __future__ import annotations

# Compose's own, on all that it makes.
PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
FOLDER = "com.docker.compose.project.working_dir"
FILES = "com.docker.compose.project.config_files"
NEEDS = "com.docker.compose.depends_on"
CONFIG_HASH = "com.docker.compose.config-hash"

# Ours begin like this; templates write ROLE, and ROOT on what run.sh starts.
OURS = "dev.kestra-tasks."
ROLE = f"{OURS}role"  # server, database or wrapper
ROOT = f"{OURS}root"
CREATED = f"{OURS}created"  # a network that `kestra.up` made
SMOKE = f"{OURS}smoke"  # the monorepo whose smoke test made it

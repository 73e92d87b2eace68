"""Invoke tasks that add Kestra to a Docker Compose monorepo, prove it, undo it and operate it."""

from kestra_tasks.tasks import ns

__all__ = ["ns"]

"""`python -m kestra_tasks kestra.init`: the tasks in a monorepo whose tasks.py lacks them."""

from __future__ import annotations

import os

from invoke import Collection

from kestra_tasks import ns
from kestra_tasks.program import Program
from kestra_tasks.telling import TYPED_NAME


def main() -> None:
    """Run the tasks that the command line names; the folder it is typed in is the root."""
    os.environ[TYPED_NAME] = "python -m kestra_tasks"
    Program("python -m kestra_tasks", namespace=Collection(kestra=ns)).run()


if __name__ == "__main__":
    main()

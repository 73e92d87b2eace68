"""`python -m kestra_tasks kestra.init`: the tasks in a monorepo whose tasks.py lacks them."""

from __future__ import annotations

import os

import invoke
from invoke import Collection

from kestra_tasks import ns
from kestra_tasks.invokeconfig import Config
from kestra_tasks.program import Program
from kestra_tasks.telling import TYPED_NAME


def main() -> None:
    """Run the tasks that the command line names; the folder it is typed in is the root."""
    os.environ[TYPED_NAME] = "python -m kestra_tasks"
    Program(
        name="Invoke",
        binary="python -m kestra_tasks",
        version=invoke.__version__,
        namespace=Collection(kestra=ns),
        config_class=Config,
    ).run()


if __name__ == "__main__":
    main()

"""`inv quickstart`: from a bare machine to Kestra running, integrated in this repository."""

from __future__ import annotations

from typing import Any

from kestra_tasks.errors import PreconditionError
from kestra_tasks.rim import Rim, kestra_task

_BANNER = """\
------------------------------------------------------------------------------
 The official image can't be had here ({why}).
 What runs instead is the rig's stand-in: Kestra's own published engine with a
 small launcher. It runs real flows on a real Postgres; it has no web interface,
 no webhooks and few plugins, and its database isn't one the official image can
 go on with. It gets containers, a volume and folders of its own, named in a
 marked block of .env: delete that block to go over to the official image.
------------------------------------------------------------------------------"""

_NEXT = """
next: ./inv kestra.smoke       the wrapper, on ports of its own beside this server
      ./inv kestra.logs -f     what both services print
      ./inv kestra.down        stop; the data stay
      ./inv --list             everything else"""


@kestra_task(
    help={
        "ports": "Decide the ports: `auto`, or two such as 8180,8685.",
        "remove": "Take the stand-in, its data and its block in .env away again.",
    }
)
def quickstart(rim: Rim, ports: str = "", remove: bool = False) -> None:
    """Set up what is missing, integrate Kestra here, start it and run a flow."""
    from dev import standin
    from kestra_tasks import integration
    from kestra_tasks.ops import operate, start
    from kestra_tasks.ops.stack import open_stack

    if remove:
        standin.remove(rim)
        return
    if _is_up(rim):
        operate.up(rim)
        return
    engine = _engine(rim)
    _discover(rim)
    rim.say("== integrating Kestra into this repository")
    integration.carry_out(rim, ports=ports)
    if engine.standin:
        standin.enter(rim, engine.env)
    rim.say("== starting")
    start.up(rim, open_stack(rim), start.Options(timeout=rim.settings.timeout))
    rim.say("== running a flow")
    operate.health(rim, deep=True, watch=False, interval=5)
    print()
    operate.status(rim)
    print(_NEXT)


def _is_up(rim: Rim) -> bool:
    """Whether our server is there and ready: then there is nothing to set up."""
    from kestra_tasks.errors import KestraTasksError
    from kestra_tasks.ops.environment import SERVER
    from kestra_tasks.ops.stack import open_stack

    try:
        stack = open_stack(rim)
        return stack.is_ready(stack.container(SERVER))
    except KestraTasksError:
        return False


def _engine(rim: Rim) -> Any:
    """An engine, and the official images or else the stand-in's."""
    import rig
    from rig import engine

    rim.say("== engine and images")
    engine.ensure(rim.say)
    if not rig.wanted():
        return rig.up(rim.say, images=False)
    reach = rig.official_reachable()
    if reach.ok:
        return rig.up(rim.say, images=False)
    if reach.verdict is not rig.Verdict.UNREACHABLE:
        raise PreconditionError(
            f"the registry has an answer, but not the image: {reach.reason}",
            "mend that (docker login?), or set KESTRA_IMAGE in .env to an image you can pull",
        )
    rim.say(_BANNER.format(why=reach.reason.rsplit(": ", 1)[-1] or reach.verdict))
    return rig.up(rim.say, images=True)


def _discover(rim: Rim) -> None:
    """Look before anything is written; stop where something blocks that no port can mend."""
    from kestra_tasks import discovery

    rim.say("== discover")
    found = discovery.discover(rim.root, rim.settings)
    for problem in found.problems:
        rim.say(f"{'blocks' if problem.level == 'block' else 'warning'}: {problem.message}")
    # A port is a decision, and `integrate` asks for it.
    blocking = [p for p in found.blocking if p.topic != "ports"]
    if blocking:
        raise PreconditionError(blocking[0].message, blocking[0].hint or "inv kestra.discover")
    if not found.problems:
        rim.say("nothing stands in the way")

"""Tasks that look and change nothing."""

from __future__ import annotations

from kestra_tasks.rim import Rim, kestra_task


@kestra_task(json=True)
def discover(rim: Rim) -> None:
    """Look for what Kestra needs here and what stands in its way (1.1-1.5)."""
    from kestra_tasks import discovery
    from kestra_tasks.errors import PreconditionError
    from kestra_tasks.render.discovery import document, report

    found = discovery.discover(rim.root, rim.settings)
    rim.answer(document(found), lambda: print("\n".join(report(found))))
    if count := len(found.blocking):
        what = "1 thing blocks" if count == 1 else f"{count} things block"
        raise PreconditionError(f"{what} Kestra here", found.blocking[0].hint)

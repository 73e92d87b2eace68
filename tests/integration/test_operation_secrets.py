"""`up` draws a secret that `.env` lacks, and never replaces one that somebody put there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kestra_tasks.core.markers import find
from tests.integration.monorepo import Monorepo

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def test_a_missing_secret_is_drawn_and_a_placeholder_refused(
    make_monorepo: Callable[..., Monorepo],
) -> None:
    repo = make_monorepo()
    repo.set(KESTRA_BASICAUTH_PASSWORD="ChangeMe123!")
    refused = repo.inv("kestra.up")
    assert refused.code == 3
    assert "KESTRA_BASICAUTH_PASSWORD" in refused.err
    assert "inv kestra.env" in refused.err

    env = repo.root / ".env"
    # As where a colleague integrated Kestra, and this .env is of the time before; names stay.
    block = find(env.read_text(), "env", ".env")
    assert block is not None
    env.write_text(env.read_text()[: block.start] + env.read_text()[block.end :])
    up = repo.inv("kestra.up")
    assert up.code == 0, up.err
    assert "lacks KESTRA_BASICAUTH_PASSWORD and KESTRA_DB_PASSWORD" in up.err
    drawn = repo.get("KESTRA_BASICAUTH_PASSWORD")
    assert len(drawn) == 32
    repo.api().login()
    assert repo.inv("kestra.down", "--data", "--yes").code == 0

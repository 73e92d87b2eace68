"""A pytest plugin for `inv mutate`: fewer examples a property, the same ones every time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, settings

EXAMPLES = 30


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Cut the examples; a failing one counts as it is found, unshrunk."""
    for item in items:
        test: Any = getattr(item, "obj", None)
        test = getattr(test, "__func__", test)
        # Hypothesis has no public way to lower what a test's own decorator says.
        found = getattr(test, "_hypothesis_internal_use_settings", None)
        if found is not None:
            test._hypothesis_internal_use_settings = settings(
                found,
                max_examples=min(found.max_examples, EXAMPLES),
                derandomize=True,
                database=None,
                phases=(Phase.explicit, Phase.generate),
            )

"""What every test needs."""

from __future__ import annotations

import os
import signal

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would every child.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How `./inv test` was typed is nothing to the tests.
os.environ.pop("INV_NAME", None)

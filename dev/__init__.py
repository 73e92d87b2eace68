"""This repository's own chores: tests, linters, the lock, quickstart. Not part of the package."""

"""The root namespace: Kestra for any monorepo, and this repository's own chores."""

from invoke import Collection

from dev import bench, documents, linting, locking, mutate, quickstart, status, testing
from kestra_tasks import ns as kestra
from rig.tasks import ns as rig

ns = Collection(bench.bench, linting.lint, linting.format_, locking.lock, mutate.mutate)
ns.add_task(quickstart.quickstart)
ns.add_collection(documents.ns)
ns.add_collection(testing.ns)
ns.add_collection(kestra, name="kestra")
ns.add_collection(rig, name="rig")
ns.add_collection(status.ns)

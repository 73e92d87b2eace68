"""The root namespace: Kestra for any monorepo, and this repository's own chores."""

from invoke import Collection

from kestra_tasks import ns as kestra

ns = Collection()
ns.add_collection(kestra, name="kestra")

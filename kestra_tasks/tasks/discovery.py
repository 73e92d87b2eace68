"""Tasks of this group."""

"""The Service Launcher: what runs in the monorepo, on one page that is kept open."""

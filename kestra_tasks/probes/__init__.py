"""All reading of the world: files, ports, the engine, HTTP. Nothing here changes anything."""

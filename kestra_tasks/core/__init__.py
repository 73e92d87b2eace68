"""Pure rules: no file, process, network or engine is touched here."""

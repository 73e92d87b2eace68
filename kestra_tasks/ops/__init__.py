"""The running stack: argv builders, and what runs them."""

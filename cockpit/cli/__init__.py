"""The headless face: facts on stdout, talk on stderr, exit codes for scripts; clusters only through a session."""

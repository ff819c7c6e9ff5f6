"""The command line: data on stdout, messages on stderr, exit codes. Uses clusters only through a session."""

"""One journal for everybody: acts told to other sessions, theirs read, and what other tools changed."""

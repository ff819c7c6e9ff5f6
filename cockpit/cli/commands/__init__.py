"""One file per subject of the command line."""

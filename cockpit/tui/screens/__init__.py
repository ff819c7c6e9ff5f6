"""One screen per file: each shows the latest view while it is on top; the app does everything else."""

"""One screen a file: each shows the newest view while it is on top, and asks the app for everything else."""

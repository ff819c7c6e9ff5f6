"""Flight records: what a session read, sampled and showed, in a file that can be replayed as if live."""

"""Rules that every adapter shares: which acts apply, guarded writes, step plans, scaling, who owns an object. Pure."""

"""Guards of a session: they judge each view of their rollout, and propose the way back or take it."""

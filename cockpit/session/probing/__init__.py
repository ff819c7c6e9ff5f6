"""Which rollouts are probed, and their remembered probe targets."""

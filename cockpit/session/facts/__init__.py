"""What a session knows: clusters, the rollouts read from them, and the views built from both."""

"""What the API server fills in on a write, and what it refuses."""

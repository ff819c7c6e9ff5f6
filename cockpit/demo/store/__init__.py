"""Stored objects and their history: every write is checked, versioned and published, every deletion completed."""

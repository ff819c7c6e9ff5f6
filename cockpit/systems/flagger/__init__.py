"""Flagger's canaries: shown with their gates, suspended and resumed; fields that Flagger writes are never edited."""

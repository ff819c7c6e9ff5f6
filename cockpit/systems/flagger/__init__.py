"""Flagger's canaries: read with their gates; suspended and resumed, never edited where Flagger writes."""

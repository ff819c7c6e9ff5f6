"""Argo Rollouts: canaries and blue-green by its controller."""

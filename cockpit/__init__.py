"""A terminal cockpit for Kubernetes rollouts: declared, written and observed side by side."""

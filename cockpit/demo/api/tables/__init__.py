"""Objects as the tables `kubectl get` prints."""

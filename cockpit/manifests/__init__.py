"""What a cluster's administrator applies for users of the cockpit, as documents for kubectl. Pure."""

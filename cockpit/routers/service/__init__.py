"""Native blue-green: the selector of a Service says which version takes the traffic."""

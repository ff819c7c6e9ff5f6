"""Native blue-green: the selector of a Service decides which version takes the traffic."""

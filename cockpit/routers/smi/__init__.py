"""Service Mesh Interface: TrafficSplits that divide the requests for a Service by weight; read, not edited."""

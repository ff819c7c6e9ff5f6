"""Gateway API: HTTPRoutes (and GRPCRoutes, read only) that split requests between Services by weight and by header."""

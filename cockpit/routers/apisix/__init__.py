"""Apache APISIX: ApisixRoutes whose rules split requests between Services by weight; read, not edited."""

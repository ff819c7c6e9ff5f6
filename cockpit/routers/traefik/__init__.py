"""Traefik: TraefikServices that split requests between Services by weight; shown, not edited."""

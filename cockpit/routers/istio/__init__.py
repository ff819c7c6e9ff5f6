"""Istio: VirtualServices that split requests between subsets or Services by weight and by match."""

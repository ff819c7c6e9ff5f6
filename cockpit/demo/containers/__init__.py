"""The containers of an embedded cluster that run as processes of this machine."""

"""Two people on one release, as pure functions of Leases: who is here, who has the controls, what may be written."""

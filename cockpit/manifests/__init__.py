"""Objects that a team installs by hand, printed by `cockpit doctor --manifests`."""

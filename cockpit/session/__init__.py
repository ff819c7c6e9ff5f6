"""Use cases without a user interface: reading clusters, probing rollouts, and acts.

One `Session` follows several clusters and publishes one frozen `FleetView`, at most ten times a second and only
when something changed. Every act goes through plan, permission check, dry run, send against the state that was shown,
wait for objects and probe, and journal. The screen and the command line see only `port.Cockpit`; `Bridge` gives it to
another thread.
"""

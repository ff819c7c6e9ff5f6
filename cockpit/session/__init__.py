"""Use cases without a face: what is read, observed and asked for comes together here.

One `Session` follows several clusters and publishes one frozen `FleetView`, at most ten times a second and only
when something changed. Acts go one way: plan, rights, dry run, send against what was shown, wait for objects and
probe, journal. Nothing here knows a screen; `port.Cockpit` is all a face sees, and `Bridge` takes it to another thread.
"""

"""A scripted person with a session of their own, for trying pairing alone: `cockpit demo --with colleague`."""

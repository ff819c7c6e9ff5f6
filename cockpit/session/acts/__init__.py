"""One act from request to outcome: prepare, send, confirm in objects and traffic, undo, journal."""

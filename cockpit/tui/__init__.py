"""The screen: the only package that imports textual. It uses a session through its port and shows frozen views."""

"""The screen: the only room that imports textual. It knows a session by its port and shows frozen views."""

"""A patch of each media type, and server-side apply, applied to an object; and who owns which of its fields."""

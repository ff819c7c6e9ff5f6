"""The screen in a browser: one web server on loopback, one process of the screen for each page."""

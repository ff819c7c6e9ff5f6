"""The HTTP face: what a request over TLS is answered, for kubectl and for every other client of the API."""

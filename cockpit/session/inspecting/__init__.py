"""Looking closer at objects for a person: YAML, descriptions, events, logs, revisions and what differs between them."""

"""The kinds served and their shapes, and how a body in JSON, YAML or protobuf becomes an object of one."""

"""StatefulSets and DaemonSets: sets that replace their own pods, template by template."""

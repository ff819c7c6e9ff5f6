"""StatefulSets, CloneSets and DaemonSets: workloads that replace their own pods."""

"""What the pods of an embedded cluster do without a kubelet: answer requests and print lines."""

"""The only package that talks to Kubernetes: it connects, follows objects into a store, and sends writes.

Start at `connect` (which cluster, as whom), `informers` (reading), `sender` (writing) and
`errors` (what can go wrong). HTTP and authentication libraries are loaded only when a connection is made.
"""

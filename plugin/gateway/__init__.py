"""A reverse proxy before the cluster: applications point at it and get semantic search, unchanged."""

"""The running sidecar: models behind HTTP, the gateway before a cluster, the command line, training."""

"""The quickstart: a real engine, the sidecar, a corpus that every machine has, and questions to it."""

"""Semantic search beside the OpenSearch or Elasticsearch cluster you already have."""

__version__ = "0.1.0.dev0"

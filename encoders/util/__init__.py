"""Helpers around embeddings: similarity, search, mining, tensors, files and the environment."""

"""Training of all three kinds of model."""

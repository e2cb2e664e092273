"""Inference that needs no torch: plan, tokenise, execute."""

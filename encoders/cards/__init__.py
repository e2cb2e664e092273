"""The sections of a model's README.md, one file each; `text` puts them together."""

"""Measures a classifier: plain functions from labels and logits to numbers."""

"""Predictions as a file: columns of answers, written a batch at a time, and what is counted of them on the way."""

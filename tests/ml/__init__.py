"""Tests of `ml`."""

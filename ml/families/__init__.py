"""Families of models, one folder each: which networks there are, how they are trained, and how they are measured."""

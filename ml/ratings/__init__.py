"""Ratings of items by users: read, checked, divided, and turned into the numbers that a network takes."""

from ml.ratings.divide import divide_ratings
from ml.ratings.findings import rating_findings
from ml.ratings.load import BUILTIN_RATINGS, load_ratings
from ml.ratings.rating_set import RatingSet
from ml.ratings.vocabulary import encode_pairs, known_names

__all__ = [
    "BUILTIN_RATINGS",
    "RatingSet",
    "divide_ratings",
    "encode_pairs",
    "known_names",
    "load_ratings",
    "rating_findings",
]

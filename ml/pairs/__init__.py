"""Pairs of texts, of which one is to come of the other: read, checked, divided, and turned into numbers."""

from ml.pairs.divide import divide_pairs
from ml.pairs.encoding import encode_sources, taught_pair
from ml.pairs.findings import pair_findings
from ml.pairs.load import BUILTIN_PAIRS, load_pairs
from ml.pairs.pair_set import PairSet
from ml.pairs.subwords import Splitter, Subwords, fit_subwords

__all__ = [
    "BUILTIN_PAIRS",
    "PairSet",
    "Splitter",
    "Subwords",
    "divide_pairs",
    "encode_sources",
    "fit_subwords",
    "load_pairs",
    "pair_findings",
    "taught_pair",
]

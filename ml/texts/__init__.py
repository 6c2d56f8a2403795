"""Texts with a class each: read, checked, and turned into the numbers that a network takes."""

from ml.texts.encoding import TextEncoding, encode_texts, fit_text_encoding
from ml.texts.findings import text_findings
from ml.texts.load import load_texts
from ml.texts.preparation import encode_for
from ml.texts.steps import clean_texts
from ml.texts.text_set import TextSet

__all__ = [
    "TextEncoding",
    "TextSet",
    "clean_texts",
    "encode_for",
    "encode_texts",
    "fit_text_encoding",
    "load_texts",
    "text_findings",
]

"""Corpora of labelled speech."""

from affetto.corpora.base import EMOTIONS, Corpus, Utterance
from affetto.corpora.loading import load_corpus

__all__ = ["EMOTIONS", "Corpus", "Utterance", "load_corpus"]

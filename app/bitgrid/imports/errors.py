"""What can keep an import from being made; in every case nothing is left of it on disk.

ImportRefused         what happened, what it means, what to do
├─ BadSource        the file is not what it is said to be, is damaged, or holds nothing of use
└─ Unmapped         which of its figures is which is not known yet; the text lists the candidates
"""

from __future__ import annotations


class ImportRefused(Exception):
    """Nothing was imported."""


class BadSource(ImportRefused):
    """The file cannot be read as what it is said to be."""


class Unmapped(ImportRefused):
    """The owner must say first which figure is which."""

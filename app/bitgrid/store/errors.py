"""StoreError: something could not be made durable or read; the text says what it means for the house."""

from __future__ import annotations


class StoreError(Exception):
    """The store could not do what was asked; nothing was written in part."""

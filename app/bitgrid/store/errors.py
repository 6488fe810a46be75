"""What can go wrong with the store; the text says what it means for the house.

StoreError          something could not be made durable or read
  DamagedError      what is in a file can be read no more
  NewerError        a later release wrote it
  RecordRefused     a record that contradicts what is written, and will never be taken
  ArchiveError      a file of the archive could not be written, read or dropped
"""

from __future__ import annotations


class StoreError(Exception):
    """The store could not do what was asked; nothing was written in part."""


class RecordRefused(StoreError):
    """The ledger is well and does not take this record; to try again is of no use."""


class DamagedError(StoreError):
    """What is in the file can be read no more; to try again is of no use."""


class NewerError(StoreError):
    """A later release wrote the file; this one leaves it alone."""


class ArchiveError(StoreError):
    """A file of the archive could not be written, read or dropped; what was there before is there still."""

"""The archive: what is kept for years, a Parquet file a UTC day and kind, each in a manifest with its SHA-256.

May touch: the archive's directory, and for reading the hot databases and the ledger. Written by the recorder's
child process, by imports and by the research export, each into a directory of its own. Nothing here imports
pyarrow but `schema`, `reader`, `writer` and what uses them, so that a long-lived process can look at the manifest
without it.
"""

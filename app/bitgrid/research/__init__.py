"""Research: bundles of what a house recorded, names and addresses replaced, signed; and reading them anywhere.

May touch: the archive and the ledger, read only; the signing key in the secrets' directory; the file it is told to
write. A bundle is read without a house: the package is enough. Nothing here sends anything anywhere.
"""

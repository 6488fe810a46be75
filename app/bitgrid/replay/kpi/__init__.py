"""Key figures of a house: what a day, a month or a year came to, and for how much of it that is known.

`catalogue` says what each figure is; `sums` is what is added up day by day; `queries` adds it up, with DuckDB over
the archive's files and the rows that are not archived yet; `baseline` lives the same days without control.

May touch: the archive, the ledger and the hot database, all for reading. DuckDB is imported here and nowhere else,
so a long-lived process asks for figures by a child process.
"""

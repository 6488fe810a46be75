"""Imports: what other programs recorded of a house, brought into the form of the archive.

Home Assistant's recorder, evcc and CSV files. What is given is only read. What is made is a directory of its own,
with an ``import.json`` that says what was found, what was missing and what was reckoned; nothing is filled in
silence. May touch: the file it is given, and the directory that is named for the result.
"""

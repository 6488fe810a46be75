"""The mirror: encrypted copies of logs, exports and replays in a Borg repository, one way, only where asked for.

May touch: the directories that are copied, for reading; its own directory for Borg's cache; its files in the
secrets' directory; the programs borg and ssh. It listens to nothing; nobody at the other end can ask it anything.
"""

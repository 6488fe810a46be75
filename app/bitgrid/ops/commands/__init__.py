"""The commands of the command line: arguments in, text and an exit code out; the work is done elsewhere."""

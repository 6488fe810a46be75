"""``python -m bitgrid``: the command line."""

from bitgrid.cli import main

main()

"""BitGrid: a home's solar surplus, turned into useful work by five fixed rules."""

__version__ = "0.1.0"

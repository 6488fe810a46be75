"""What can go wrong while an image is made, in words."""

from __future__ import annotations


class ImageError(Exception):
    """The image cannot be made: what is missing, what it means, what to do. Nothing is left in its place."""

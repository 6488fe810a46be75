"""What holds for all tests: no property is judged by how long a machine took for an example of it."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("bitgrid", deadline=None)
settings.load_profile("bitgrid")

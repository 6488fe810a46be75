"""The SD card's image: put together from a root file system, without loop devices and the same bytes every time.

May touch: directories that it is given. It needs root, for files keep their owners, and Debian's own tools, which
it keeps in a root of their own, so that what they write does not depend on the machine.
"""

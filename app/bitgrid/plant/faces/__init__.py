"""What the devices of the simulated house answer: bytes, requests or registers in, the protocol's answer out.

Each face is a transport of `devices.transport`, without a socket: a driver can be handed one as it is. A device
that is silent (by a fault, or without power) raises `DeviceSilent`, as a socket would after its time-out.

May touch: the `House` it was given, and nothing else.
"""

from bitgrid.plant.faces.house import Faces, MinerFace

__all__ = ["Faces", "MinerFace"]

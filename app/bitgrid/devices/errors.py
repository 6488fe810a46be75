"""What can go wrong with a device.

DeviceError                what happened, in words for a person
├─ DeviceSilent          no answer: refused, timed out, cut off; trying again later may help
├─ DeviceRefused         it answered that it will not
│  └─ DeviceBusy        it answered that it cannot just now, which says nothing of what it has
└─ DeviceNonsense        it answered something that is not its protocol
"""

from __future__ import annotations


class DeviceError(Exception):
    """Something about a device; the text names the device's address and what was tried."""


class DeviceSilent(DeviceError):
    """No answer came."""


class DeviceRefused(DeviceError):
    """The device answered with an error."""


class DeviceBusy(DeviceRefused):
    """The device, or a gateway before it, answered that it cannot just now."""


class DeviceNonsense(DeviceError):
    """The device answered something that cannot be understood."""

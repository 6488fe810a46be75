"""Contacts at this computer's own pins: an emergency stop, a grid operator's relay (SG-Ready, §14a EnWG).

- `contact` turns a contact's state into a signal; `lines` opens a pin through the kernel's character device.

May touch: the GPIO character device named in site.yaml. It only reads.
"""

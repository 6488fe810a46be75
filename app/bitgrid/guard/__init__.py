"""The guard: R3, alone. It closes relays, opens them on heat, silence or a lease run out, and trusts nobody.

May touch: the loads and relays of site.yaml, its limits on disk, and `rules` over a local datagram socket.
It imports neither the bus nor the kernel.
"""

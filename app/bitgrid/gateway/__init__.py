"""A house on two hosts: poller, loads and guard near the devices (the gateway), everything else at the edge.

Two computers have two boot clocks, and by those leases end and values grow old. So the two ends of the link
translate every such time that passes between them, each to the safe side, and pass on nothing while they do not
know how: a link that is cut, or slow, is silence, and on silence loads go off.

May touch: the local broker, the edge's broker, and the sockets of rules and guard. Knows no device.
"""

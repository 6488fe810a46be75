"""An appliance's own files, from site.yaml at every start: accounts, keys, what broker and supervisord read.

May touch: ``/etc/bitgrid/secrets`` and ``/etc/bitgrid/tls``, where it makes what is missing and changes nothing
else, and ``/run/bitgrid``. Opens no connection.
"""

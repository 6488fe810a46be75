"""The page and the REST API: shows the house, hands a person's wishes to the rules, and switches nothing itself.

May touch: the bus (it listens, and publishes requests), one loopback port. It never imports devices.
"""

from bitgrid.web.accounts import AccountsError
from bitgrid.web.app import Places, create_app
from bitgrid.web.asking import Asker
from bitgrid.web.view import HouseView

__all__ = ["AccountsError", "Asker", "HouseView", "Places", "create_app"]

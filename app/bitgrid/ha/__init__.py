"""Home Assistant's bridge: tells it what the house is, does and why; takes two kinds of wishes from it.

It assists, the house runs without it. What it may ask for is an override and a research bundle (and autonomy,
where site.yaml says so); wishes are limited in number, handed to the rules like any other, and answered. It lives
in the web process, whose view of the house and way to the rules it shares; off unless ``home_assistant.enabled``.

May touch: one connection of its own to the broker, on which it says and hears nothing but ``bitgrid/<site>/ha/…``
and ``homeassistant/…``, so that an access list can hold it to that.
"""

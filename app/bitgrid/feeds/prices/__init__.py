"""Prices that change: asked from a source of the market, or made of the hours of a tariff, and laid over blocks.

May touch: the network through the `Fetch` handed in, and the feeds' store. What a source tells is believed only as
far as it can be checked: its unit, its times, its order, its height.
"""

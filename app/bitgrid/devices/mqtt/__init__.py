"""Devices that tell by MQTT at the house's own broker. May touch: their topics, to listen; it never publishes."""

"""Home Assistant's recorder database (``home-assistant_v2.db``), every change of some days, and means of years.

Its tables and columns after home-assistant/core, components/recorder/db_schema.py (schema 41 and later) and
migration.py: before schema 38 ``states`` held the entity_id itself, before 31 times were texts, before 25 the
attributes stood in each row. Energy dashboard: components/energy/data.py.
"""

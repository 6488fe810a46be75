"""A month's report: one self-contained page that a person prints. Charts are SVG, drawn here; no script, no net.

May touch: nothing; figures are handed in. pygal and jinja are imported here, never in a process that stays.
"""

"""The rooms of the page beside *Now*: one module a room, with a function ``routes(web)`` that gives its blueprint.

A room's template extends ``base.html``, its texts are in ``texts/<room>.de.ftl`` and ``texts/<room>.en.ftl``, its
style and script, where it has any, in ``static/<room>.css`` and ``static/<room>.js``.
"""

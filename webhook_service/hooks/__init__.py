"""The wire, both ways: a hook's raw body to an event, a decision to the answer's bytes.

Pure: no network, no framework, no clock. One module a hook; each has a ``read``, a
``reply`` and an ``unstored``, and ``table.hooks`` names them all. What Kratos and Hydra
understand as an answer is in ``docs/failures.md`` and in the facts F13 to F25 and F40 to F50.
"""

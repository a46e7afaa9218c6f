"""Hydra's ``urls.login``, ``urls.consent`` and ``urls.logout``: what each answers. Pure.

Each module turns what Hydra asks, the live session and the decision into an ``Answer``; who
asks and who acts on it is ``gating``. No network, no clock, no framework.
"""

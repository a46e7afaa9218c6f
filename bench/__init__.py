"""Measurements of the service: ``python -m bench``. What each figure means is in ``README.md``.

Figures that depend on the machine are reported beside ratios taken in the same run, of two
things that took turns: only those can be compared from one machine to the next.
"""

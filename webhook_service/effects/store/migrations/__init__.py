"""How the tables came to be, one module for each change. Alembic runs them in order.

A module here is history: it names tables and columns itself, and never changes again.
"""

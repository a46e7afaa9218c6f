"""Keeps effects in a database: SQLite or PostgreSQL, by the same code.

``sql_store`` is the way in for the service, ``database`` opens, ``schema`` makes and checks
the tables. Nobody else in the package knows SQL.
"""

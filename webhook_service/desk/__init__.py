"""What the operator's page shows, as typed values: made from stores, policy and records.

Nothing here knows Flask, HTML or SQL. Times are aware and in UTC; clocks are arguments.
"""

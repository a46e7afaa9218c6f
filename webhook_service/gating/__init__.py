"""What stands behind the gates: asks Hydra and Kratos, judges, and tells Hydra the answer.

What a gate answers is decided in ``gates``. A challenge and a cookie are secrets: neither gets
into a record, a log or an error.
"""

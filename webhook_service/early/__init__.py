"""Asking early: of a live session, before Hydra is asked for a token or a backend for an answer.

``proofs`` turn a credential into a session, ``event`` what is asked of it into an event,
``asking`` decides it; ``remembering`` keeps what was learnt for a few seconds, ``looking``
notices what ends meanwhile; ``checks`` answer `/check` and `/session/refresh`. The gates ask
the same way.
"""

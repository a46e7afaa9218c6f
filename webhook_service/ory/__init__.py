"""The admin APIs of Kratos and Hydra, as values and five reasons why there is none.

``kratos`` and ``hydra`` are the clients, each over one ``transport``; ``session_of_token``
finds a token's session among a person's (F30); ``fake`` is the one stand-in for both. No
policy here: what an answer means for a decision is not this folder's business.

A call ends by its ``Deadline``, whatever the other side does: ``names`` and ``connections``
see to the parts that a socket's own time limit misses.
"""

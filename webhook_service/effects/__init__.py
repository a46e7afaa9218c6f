"""What a decision does to Ory beyond the answer.

``extend_session`` is done inside the token hook, before the answer, at most once per event
(``recent``). Everything else outlives the answer: ``planning`` says what follows from a
decision, a ``keeping.Store`` keeps it, a worker has it done as the ``catalogue`` says, and
until it is done it is already true (``ending``).
"""

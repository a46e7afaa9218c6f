"""What a policy would have decided about events that were recorded.

``inputs`` reads files line by line, ``happenings`` turns a line into the facts of one event,
``replay`` decides it, ``tally`` and ``changes`` count. Nothing is collected: memory does not
grow with the number of events. No web framework, no calls to Kratos or Hydra.
"""

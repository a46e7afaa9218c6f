"""The webhook receiver for Ory Kratos and Ory Hydra.

Kratos and Hydra call it as an action hook. It decides from one policy file whether
the session behind the event is extended, capped or ended and whether a second factor
is required, and answers in the dialect of the caller.

One path runs through the package::

    bytes --read--> Event --gather--> Facts --decide--> Decision --act--> Outcome --reply--> bytes
            hooks/          service         policy/            effects/           hooks/

``hooks`` and ``policy`` are pure: no framework, no network, no clock.
"""

__version__ = "0.1.0"

"""How a policy file is read: bytes, nodes, typed keys, rules.

``yaml_reader`` makes positioned ``yaml_nodes`` and refuses what is no policy file in form;
``fields`` reads the keys of one mapping in their types; ``expressions`` hands conditions to
the condition language; ``rules`` and ``tests_section`` know what the sections mean, with
``shapes`` as their tables. ``webhook_service.policy.loader`` is the way in.
"""

"""What is wrong with an installation, why it matters, and what to write instead.

Looking is pure where it can be: ``kratos_file`` and ``hydra_file`` judge configurations that
were read, ``surroundings`` judges settings. ``running`` asks database, Kratos and Hydra.
"""

"""The configuration that Kratos and Hydra need for the policy at hand.

From a policy and a few settings to a ``Plan``, and from a plan to text: YAML to merge, a file
that exists with the plan worked into it, or commands for Ory Network. Nothing here opens a
connection or reads the environment; what a file holds is given as text.
"""

"""The rule book: what a policy file says, and what it decides about one event.

Pure. Nothing here reads the clock, the environment, the network or a database; time and
facts are arguments (P32). The specification's rules are cited by number (P1 to P34).
"""

"""What a decision does to Ory beyond the answer.

So far: the extension inside the token hook, which is done before the answer and verified,
at most once per event. Consequences that must outlive the answer are decided and recorded
but not carried out yet; ``wiring.not_carried_out`` names them for the start-up notice.
"""

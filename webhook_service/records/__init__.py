"""What is kept of each event: a log line, a metric sample. Never a secret or a trait (P34)."""

"""OpenTelemetry's traces: an extra, and nothing of it is imported where nobody asked for it.

``spans`` is what the rest of the service knows, ``wanted`` what the environment says,
``otel`` makes the spans, ``export`` sends them.
"""

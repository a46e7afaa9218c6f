# The service as an image: compiled, not root, nothing in it but Python and the package.
#
#   docker build -t webhook-service .
#   docker build -t webhook-service --build-arg EXTRA=otel .  # with OpenTelemetry's traces
#   docker run -p 8080:8080 --env-file .env -v ./policy.yaml:/etc/webhook-service/policy.yaml:ro webhook-service
FROM python:3.12-slim AS build
WORKDIR /src
RUN python -m venv /opt/webhook-service
ENV PATH=/opt/webhook-service/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
ARG EXTRA=""
COPY requirements.txt requirements-otel.txt ./
RUN pip install --require-hashes -r "requirements${EXTRA:+-$EXTRA}.txt"
COPY pyproject.toml README.md openapi.yaml ./
COPY docs/kratos.jsonnet docs/
COPY webhook_service webhook_service
RUN pip install --no-deps . \
    && python -m compileall -q /opt/webhook-service/lib

FROM python:3.12-slim
# The folder holds the database where DATABASE_URL names no server: mount a volume there.
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent webhook \
    && install -d -o webhook /var/lib/webhook-service
COPY --from=build /opt/webhook-service /opt/webhook-service
ENV PATH=/opt/webhook-service/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    POLICY_FILE=/etc/webhook-service/policy.yaml
WORKDIR /var/lib/webhook-service
VOLUME /var/lib/webhook-service
USER 10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=2s --start-period=5s CMD \
    ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ.get(\"PORT\", 8080)}/health/alive', timeout=1)"]
CMD ["webhook-service", "serve"]

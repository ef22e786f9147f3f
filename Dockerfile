# syntax=docker/dockerfile:1
# The sidecar: follows /logs/combined*.log, serves :9113/metrics, runs as nobody on a read-only root file system.

ARG PYTHON=3.13-slim-bookworm

FROM python:${PYTHON} AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY logship logship
COPY app_logging app_logging
RUN python -m venv /opt/logship \
    && /opt/logship/bin/pip install --no-cache-dir --disable-pip-version-check . \
    && find /opt/logship -name __pycache__ -prune -exec rm -rf {} +

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="logship" \
      org.opencontainers.image.description="Prometheus metrics from request logs" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/logship /opt/logship
ENV PATH=/opt/logship/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    LOGSHIP_LISTEN=0.0.0.0:9113
# in a container the port is the point; elsewhere the default is loopback
EXPOSE 9113
# A volume mounted here takes over the owner: room for `--state /state/logship.db`.
RUN install -d -o 65534 -g 65534 /state
# It has to be able to read the logs (app_logging writes them with mode 0640): run it with their group.
USER 65534:65534
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s \
    CMD ["logship", "healthcheck", "http://127.0.0.1:9113/healthz"]
ENTRYPOINT ["logship"]
CMD ["tail", "/logs/combined*.log"]

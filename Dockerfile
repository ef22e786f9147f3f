# The sidecar: follows /logs/combined*.log, serves :9113/metrics, as nobody and with a root file system it never writes to.
# What goes in is pinned by hash (configs/image/*.txt, made by `make lock`), and files get one fixed time: the same
# sources give the same files.

ARG PYTHON=3.13.12-slim-bookworm

FROM python:${PYTHON} AS build
ARG SOURCE_DATE_EPOCH=1767225600
WORKDIR /src
COPY configs/image configs/image
# The environment of the build is not the one that ships: pip and the build backend stay behind.
RUN python -m venv /opt/build \
    && python -m venv --without-pip /opt/logship \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes -r configs/image/build.txt \
    && /opt/build/bin/pip --python /opt/logship/bin/python install --no-cache-dir --no-compile --require-hashes \
        -r configs/image/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY logship logship
COPY app_logging app_logging
COPY man man
COPY building/build_facts.py building/build_facts.py
ARG REVISION=unknown
# Byte code is made here, as nothing can be written later.
RUN REVISION="${REVISION}" /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/build/bin/pip --python /opt/logship/bin/python install --no-cache-dir --no-compile --no-deps --no-index \
        /wheels/*.whl \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/logship/lib \
    && find /opt/logship -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH}" {} +

FROM python:${PYTHON}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="logship" \
      org.opencontainers.image.description="Prometheus metrics from request logs" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# A volume mounted on one of these takes over the owner: /logs of the demo, /state for `--state /state/logship.db`.
RUN install -d -o 65534 -g 65534 /logs /state
COPY --from=build /opt/logship /opt/logship
# In a container the port is the point, and programs collect its log; elsewhere the defaults are loopback and people.
ENV PATH=/opt/logship/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LOGSHIP_LISTEN=0.0.0.0:9113 \
    LOGSHIP_LOG_FORMAT=json
EXPOSE 9113
# It has to be able to read the logs (app_logging writes them with mode 0640): run it with their group.
USER 65534:65534
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s --retries=3 CMD ["logship", "healthcheck"]
ENTRYPOINT ["logship"]
CMD ["tail", "/logs/combined*.log"]

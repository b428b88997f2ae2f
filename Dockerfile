# The HTTP and WebSocket service: docs/how-to/deploy.md says how to run it.
FROM python:3.13-slim-trixie AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY src src
# Libraries come as wheels, so that nothing needs a compiler. The image has a pip already; the environment needs none.
# Bytecode is not compared with its source: layers of an image round times, and what is compiled anew is never kept.
RUN --mount=type=cache,target=/root/.cache/pip \
    pip wheel --no-deps --wheel-dir dist . \
    && python -m venv --without-pip /opt/affetto \
    && pip --python /opt/affetto install --no-compile --only-binary :all: "$(echo dist/affetto-*.whl)[serve]" \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/affetto/lib

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="Affetto" \
      org.opencontainers.image.description="Speech emotion recognition over HTTP and WebSocket" \
      org.opencontainers.image.source="https://github.com/affetto/affetto" \
      org.opencontainers.image.licenses="Apache-2.0 AND BSD-3-Clause AND CC-BY-NC-SA-4.0 AND CC0-1.0 AND MIT AND ODbL-1.0"
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin affetto
COPY --from=build /opt/affetto /opt/affetto
# The service writes no file; Python would, of modules that it compiles.
ENV PATH="/opt/affetto/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    AFFETTO_SERVE_HOST=0.0.0.0 \
    AFFETTO_SERVE_PORT=8000
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import http.client, os; service = http.client.HTTPConnection('127.0.0.1', int(os.environ['AFFETTO_SERVE_PORT']), timeout=4); service.request('GET', '/readyz'); raise SystemExit(service.getresponse().status != 200)"]
ENTRYPOINT ["affetto", "serve"]

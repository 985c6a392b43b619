# xlner with everything that runs offline. The steps are those of scripts/setup.
#   docker build -t xlner .
#   docker run --rm -i xlner label - --lang gl < text.txt
FROM debian:bookworm-slim
COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /usr/local/bin/uv
WORKDIR /opt/xlner
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY scripts/setup scripts/setup
COPY src src
# Modules are compiled, as the user of the image may not write here.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 \
    && scripts/setup \
    && .venv/bin/python -m compileall -q .venv/lib src \
    && rm -rf /var/lib/apt/lists/* /root/.cache \
    && useradd --create-home xlner
USER xlner
WORKDIR /data
ENV PATH=/opt/xlner/.venv/bin:$PATH
ENTRYPOINT ["xlner"]
CMD ["--help"]

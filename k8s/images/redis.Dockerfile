# Redis of Debian, for clusters of tests that cannot reach a registry. Everywhere else the manifests use Redis' own image.
ARG BASE=docker.io/library/debian:bookworm-slim
FROM ${BASE}
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/*
USER 999:999

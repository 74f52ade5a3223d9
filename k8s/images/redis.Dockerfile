# Debian's Redis, for test clusters that cannot reach a registry. Otherwise the manifests use the official image of Redis.
ARG BASE=docker.io/library/debian:bookworm-slim
FROM ${BASE}
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/*
USER 999:999

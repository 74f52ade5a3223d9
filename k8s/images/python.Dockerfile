# Runs python functions. BASE may be any image with the runtime: AWS's own brings AWS's runtime client, others get ours.
ARG SUPERVISOR=kubelambda/supervisor:latest
ARG BASE=public.ecr.aws/lambda/python:3.13
FROM ${SUPERVISOR} AS supervisor

FROM ${BASE}
USER root
COPY --from=supervisor /kubelambda /kubelambda
RUN set -e; if [ ! -e /var/runtime/bootstrap ]; then \
      command -v python3 >/dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*; }; \
      mkdir -p /var/runtime && cp -r /kubelambda/runtimes/. /var/runtime/; \
      printf '#!/bin/sh\nset -- %s /var/runtime/python/bootstrap.py\n. /var/runtime/start.sh\n' "$(command -v python3)" >/var/runtime/bootstrap; \
      printf '#!/bin/sh\nexec %s /var/runtime/python/bootstrap.py --standby\n' "$(command -v python3)" >/var/runtime/standby; \
      chmod 755 /var/runtime/bootstrap /var/runtime/standby; \
    fi
RUN [ -e /lambda-entrypoint.sh ] || cp /kubelambda/runtimes/lambda-entrypoint.sh /
RUN rm -rf /kubelambda/runtimes && mkdir -p /var/task /opt
WORKDIR /var/task
USER 993:990
ENTRYPOINT ["/kubelambda/ld.so", "--library-path", "/kubelambda/lib", "/kubelambda/node"]
CMD ["/kubelambda/supervisor.cjs"]

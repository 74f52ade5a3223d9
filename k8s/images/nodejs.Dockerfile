# Runs nodejs functions. BASE may be any image with the runtime: AWS's own brings AWS's runtime client, others get ours.
ARG SUPERVISOR=kubelambda/supervisor:latest
ARG BASE=public.ecr.aws/lambda/nodejs:24
FROM ${SUPERVISOR} AS supervisor

FROM ${BASE}
USER root
COPY --from=supervisor /kubelambda /kubelambda
RUN set -e; if [ ! -e /var/runtime/bootstrap ]; then \
      command -v node >/dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends nodejs && rm -rf /var/lib/apt/lists/*; }; \
      mkdir -p /var/runtime && cp -r /kubelambda/runtimes/. /var/runtime/; \
      printf '#!/bin/sh\n. /var/runtime/node-flags.sh\nset -- %s $flags /var/runtime/nodejs/index.cjs\n. /var/runtime/start.sh\n' "$(command -v node)" >/var/runtime/bootstrap; \
      printf '#!/bin/sh\n. /var/runtime/node-flags.sh\nexec %s $flags /var/runtime/nodejs/index.cjs --standby\n' "$(command -v node)" >/var/runtime/standby; \
      chmod 755 /var/runtime/bootstrap /var/runtime/standby; \
    fi
RUN [ -e /lambda-entrypoint.sh ] || cp /kubelambda/runtimes/lambda-entrypoint.sh /
RUN rm -rf /kubelambda/runtimes && mkdir -p /var/task /opt
WORKDIR /var/task
USER 993:990
ENTRYPOINT ["/kubelambda/ld.so", "--library-path", "/kubelambda/lib", "/kubelambda/node"]
CMD ["/kubelambda/supervisor.cjs"]

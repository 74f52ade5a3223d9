# Runs ruby functions. BASE may be any image with the runtime: AWS's own brings AWS's runtime client, others get ours.
ARG SUPERVISOR=kubelambda/supervisor:latest
ARG BASE=public.ecr.aws/lambda/ruby:3.4
FROM ${SUPERVISOR} AS supervisor

FROM ${BASE}
USER root
COPY --from=supervisor /kubelambda /kubelambda
RUN set -e; if [ ! -e /var/runtime/bootstrap ]; then \
      command -v ruby >/dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends ruby && rm -rf /var/lib/apt/lists/*; }; \
      mkdir -p /var/runtime && cp -r /kubelambda/runtimes/. /var/runtime/; \
      printf '#!/bin/sh\nset -- %s /var/runtime/ruby/bootstrap.rb\n. /var/runtime/start.sh\n' "$(command -v ruby)" >/var/runtime/bootstrap; \
      printf '#!/bin/sh\nexec %s /var/runtime/ruby/bootstrap.rb --standby\n' "$(command -v ruby)" >/var/runtime/standby; \
      chmod 755 /var/runtime/bootstrap /var/runtime/standby; \
    fi
RUN [ -e /lambda-entrypoint.sh ] || cp /kubelambda/runtimes/lambda-entrypoint.sh /
RUN rm -rf /kubelambda/runtimes && mkdir -p /var/task /opt
WORKDIR /var/task
USER 993:990
ENTRYPOINT ["/kubelambda/ld.so", "--library-path", "/kubelambda/lib", "/kubelambda/node"]
CMD ["/kubelambda/supervisor.cjs"]

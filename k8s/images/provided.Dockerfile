# Runs provided functions. BASE may be any image with the runtime: AWS's own brings AWS's runtime client, others get ours.
ARG SUPERVISOR=kubelambda/supervisor:latest
ARG BASE=public.ecr.aws/lambda/provided:al2023
FROM ${SUPERVISOR} AS supervisor

FROM ${BASE}
USER root
COPY --from=supervisor /kubelambda /kubelambda
RUN [ -e /lambda-entrypoint.sh ] || cp /kubelambda/runtimes/lambda-entrypoint.sh /
RUN rm -rf /kubelambda/runtimes && mkdir -p /var/task /opt
WORKDIR /var/task
USER 993:990
ENTRYPOINT ["/kubelambda/ld.so", "--library-path", "/kubelambda/lib", "/kubelambda/node"]
CMD ["/kubelambda/supervisor.cjs"]

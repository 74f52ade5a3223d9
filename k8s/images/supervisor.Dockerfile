# The supervisor with its own Node.js and C library, below /kubelambda: runtime images take it from here, and pods of functions
# that are images get it copied by an init container of this image. Context: the project's folder.
ARG NODE=docker.io/library/node:24-bookworm-slim
FROM ${NODE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY api api
COPY runtime-bootstrap runtime-bootstrap
COPY k8s k8s
RUN node k8s/images/assemble.ts /kubelambda
# ld.so starts the programs with these libraries, whatever the image around them has. It cannot be read, only run: the system then
# lets no process of the function look into the supervisor's memory or variables.
RUN mkdir -p /kubelambda/lib \
 && cp -L "$(command -v node)" /kubelambda/node && cp -L "$(command -v mkfifo)" /kubelambda/mkfifo \
 && for program in /kubelambda/node /kubelambda/mkfifo; do ldd "$program" | grep -o '/[^ ]*'; done | sort -u > /tmp/libraries \
 && cp -L $(grep -v '/ld-linux' /tmp/libraries) /kubelambda/lib/ \
 && cp -L $(grep '/ld-linux' /tmp/libraries | head -n 1) /kubelambda/ld.copy \
 && cp /kubelambda/ld.copy /kubelambda/ld.so \
 && rm -rf /kubelambda/run && chmod -R a+rX /kubelambda && chmod 0755 /kubelambda/ld.copy && chmod 0111 /kubelambda/ld.so

FROM scratch
COPY --from=build /kubelambda /kubelambda
USER 993:990
ENTRYPOINT ["/kubelambda/ld.so", "--library-path", "/kubelambda/lib", "/kubelambda/node"]
CMD ["/kubelambda/supervisor.cjs"]

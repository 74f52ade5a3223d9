# The supervisor with its own Node.js and C library in /kubelambda. Runtime images copy it from here; for functions that are
# images, an init container of this image copies it into the pod. Context: the project's folder.
ARG NODE=docker.io/library/node:24-bookworm-slim
FROM ${NODE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY api api
COPY runtime-bootstrap runtime-bootstrap
COPY k8s k8s
RUN node k8s/images/assemble.ts /kubelambda
# ld.so starts the programs with these libraries, whatever the image has. It is executable but not readable, so that the kernel
# keeps processes of the function from reading the supervisor's memory and variables.
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

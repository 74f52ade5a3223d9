# The server. Context: the project's folder.
ARG NODE=docker.io/library/node:24-bookworm-slim
FROM ${NODE}
# The kernel ignores signals to process 1 that have no handler yet, so an init process ends a server that is still starting.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
WORKDIR /kubelambda
COPY package.json package-lock.json ./
# The base image has Node.js; the package that brings it to other machines is not needed.
RUN npm ci --omit=dev --no-audit --no-fund && rm -rf node_modules/node node_modules/.bin/node && npm cache clean --force
COPY api api
COPY runtime-bootstrap runtime-bootstrap
COPY k8s k8s
ENV NODE_ENV=production KUBELAMBDA_HOST=0.0.0.0 KUBELAMBDA_DATA=/data
USER 1000:1000
EXPOSE 9000
ENTRYPOINT ["tini", "--", "node", "api/main.ts"]

# The server. Context: the project's folder.
ARG NODE=docker.io/library/node:24-bookworm-slim
FROM ${NODE}
WORKDIR /kubelambda
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force
COPY api api
COPY runtime-bootstrap runtime-bootstrap
COPY k8s k8s
ENV NODE_ENV=production KUBELAMBDA_HOST=0.0.0.0 KUBELAMBDA_DATA=/data
USER 1000:1000
EXPOSE 9000
ENTRYPOINT ["node", "api/main.ts"]

# The delegate with the process runtime: lite engine, step runner, JDK and Liquibase are inside. It opens no port to anyone.
#   docker build -f docker/delegate.Dockerfile -t sluice/delegate .
FROM node:20.20-bookworm-slim AS build
WORKDIR /sluice
COPY . .
RUN npm ci --no-audit --no-fund && node tools/build.mjs --no-ui && node tools/production-install.mjs delegate lite-engine step-runner

FROM node:20.20-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates default-jdk-headless git tini \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /sluice
COPY --from=build --chown=node:node /sluice/package.json ./
COPY --from=build --chown=node:node /sluice/node_modules ./node_modules
COPY --from=build --chown=node:node /sluice/libs ./libs
COPY --from=build --chown=node:node /sluice/apps ./apps
COPY --from=build --chown=node:node /sluice/docker/health.mjs ./docker/health.mjs
RUN mkdir -p /var/lib/sluice/delegate && chown -R node:node /var/lib/sluice
USER node
ENV NODE_ENV=production DELEGATE_DATA_DIR=/var/lib/sluice/delegate STEP_RUNNER_ENGINE_DIR=/var/lib/sluice/engine
RUN node apps/step-runner/dist/prepare-engine.js
VOLUME ["/var/lib/sluice/delegate"]
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s CMD ["node", "/sluice/docker/health.mjs"]
ENTRYPOINT ["tini", "--", "node", "apps/delegate/dist/main.js"]

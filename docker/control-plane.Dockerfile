# One image for every control-plane service: gateway, ng-manager, pipeline, dbdevops, scm, log-service, delegate-service.
#   docker build -f docker/control-plane.Dockerfile --build-arg APP=pipeline -t sluice/pipeline .
FROM node:20.20-bookworm-slim AS build
WORKDIR /sluice
COPY . .
RUN npm ci --no-audit --no-fund && node tools/build.mjs && mv apps/ui/dist /ui
RUN node tools/production-install.mjs gateway ng-manager pipeline dbdevops scm log-service delegate-service

FROM node:20.20-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git tini \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /sluice
COPY --from=build --chown=node:node /sluice/package.json ./
COPY --from=build --chown=node:node /sluice/node_modules ./node_modules
COPY --from=build --chown=node:node /sluice/libs ./libs
COPY --from=build --chown=node:node /sluice/apps ./apps
COPY --from=build --chown=node:node /ui ./apps/ui/dist
COPY --from=build --chown=node:node /sluice/docker/health.mjs ./docker/health.mjs
# A new volume takes over the owner of the folder it is mounted on.
RUN mkdir -p /var/lib/sluice/blobs /var/lib/sluice/scm && chown -R node:node /var/lib/sluice
# Last, so that the images of all services share every layer.
ARG APP
ENV NODE_ENV=production APP=${APP}
USER node
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["node", "/sluice/docker/health.mjs"]
ENTRYPOINT ["tini", "--", "sh", "-c", "exec node apps/$APP/dist/main.js"]

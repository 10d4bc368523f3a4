# The web app: Next.js with Better Auth. Build it from the project's root:
#   docker build -f docker/web.Dockerfile -t tasklane-web .
FROM debian:13-slim AS build
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
 && apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates nodejs npm
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY docs/openapi.yaml /src/docs/openapi.yaml
COPY frontend ./
RUN npm run build

FROM debian:13-slim
# The group may read the secret that is shared with the workers.
RUN groupadd --gid 10001 tasklane \
 && useradd --uid 10003 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tasklane-web
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
 && apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates nodejs
COPY --from=build /src/frontend/.next/standalone /app
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 HOSTNAME=0.0.0.0 PORT=3000
WORKDIR /app
EXPOSE 3000
USER 10003:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "server.js"]
ARG VERSION=1.0.0 REVISION=unknown
LABEL org.opencontainers.image.title="tasklane-web" \
      org.opencontainers.image.description="Tasklane's web app: Next.js with Better Auth" \
      org.opencontainers.image.version="$VERSION" org.opencontainers.image.revision="$REVISION"

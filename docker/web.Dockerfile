# The web app: Next.js with Better Auth. Build it from the project's root:
#   docker build -f docker/web.Dockerfile -t tasklane-web .
FROM debian:13-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates nodejs npm \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY docs/openapi.yaml /src/docs/openapi.yaml
COPY frontend ./
RUN npm run build

FROM debian:13-slim
# The group may read the secret that is shared with the workers.
RUN groupadd --gid 10001 tasklane \
 && useradd --uid 10003 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tasklane-web
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates nodejs \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/frontend/.next/standalone /app
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 HOSTNAME=0.0.0.0 PORT=3000
WORKDIR /app
EXPOSE 3000
USER 10003:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --start-interval=1s \
  CMD node -e "fetch('http://127.0.0.1:' + process.env.PORT + '/api/auth/ok').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"
ENTRYPOINT ["node", "server.js"]

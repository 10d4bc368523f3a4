# nginx in front of the workers. Its configuration is rendered at start, from the environment. Build it from the
# project's root:
#   docker build -f docker/nginx.Dockerfile -t tasklane-nginx .
# The first stage is the same as in worker.Dockerfile, so that it is built once.
FROM debian:13-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends cmake ninja-build g++ pkg-config dpkg-dev file \
      libboost-dev libfmt-dev libfcgi-dev libjemalloc-dev libpq-dev libpqxx-dev libsodium-dev libssl-dev python3-yaml rapidjson-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY .env.example CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY app app
COPY packaging packaging
COPY nginx nginx
COPY scripts scripts
COPY sql sql
COPY docs docs
RUN cmake --preset release -D TASKLANE_TESTS=OFF \
 && cmake --build build/release --target tasklane-master tasklane-worker tasklane \
 && scripts/package --no-build --no-web --out /package

FROM debian:13-slim
# The group is the workers': it may write to their socket.
RUN groupadd --gid 10001 tasklane \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tasklane \
 && useradd --uid 10002 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tasklane-nginx
COPY --from=build /package /package
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl nginx-light openssl /package/*.deb \
 && rm -rf /package /etc/tasklane /var/lib/apt/lists/* \
 && install -d -o 10002 -g 10001 -m 0750 /run/nginx
COPY --chmod=755 docker/serve-nginx /usr/local/bin/serve-nginx
ENV HTTPS_PORT=8443 HTTP_PORT=8080
EXPOSE 8443 8080
USER 10002:10001
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --start-interval=1s \
  CMD curl --silent --fail --insecure --output /dev/null "https://127.0.0.1:${HTTPS_PORT}/readyz"
ENTRYPOINT ["/usr/local/bin/serve-nginx"]

# nginx in front of the workers. Its configuration is rendered at start, from the environment. Build it from the
# project's root:
#   docker build -f docker/nginx.Dockerfile -t tasklane-nginx .
# The first stage is the same as in worker.Dockerfile, so that it is built once.
FROM debian:13-slim AS build
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
 && apt-get update \
 && apt-get install -y --no-install-recommends ccache cmake ninja-build g++ pkg-config dpkg-dev file \
      libboost-dev libfmt-dev libfcgi-dev libjemalloc-dev libpq-dev libpqxx-dev libsodium-dev libssl-dev python3-yaml rapidjson-dev
WORKDIR /src
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY packaging/install.cmake packaging/package.cmake packaging/
COPY app app
RUN --mount=type=cache,target=/root/.cache/ccache \
    cmake --preset release -D TASKLANE_TESTS=OFF -D CMAKE_CXX_COMPILER_LAUNCHER=ccache \
 && cmake --build build/release --target tasklane-master tasklane-worker cli
# What is packed besides comes after what is compiled: a changed document compiles nothing.
COPY .env.example ./
COPY packaging packaging
COPY nginx nginx
COPY scripts scripts
COPY sql sql
COPY docs docs
RUN --mount=type=cache,target=/root/.cache/ccache \
    cmake --build build/release --target tasklane \
 && scripts/package --no-build --no-web --out /package

FROM debian:13-slim
# The group is the workers': it may write to their socket.
RUN groupadd --gid 10001 tasklane \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tasklane \
 && useradd --uid 10002 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tasklane-nginx
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    --mount=type=bind,from=build,source=/package,target=/package \
    rm -f /etc/apt/apt.conf.d/docker-clean \
 && apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl nginx openssl /package/*.deb \
 && rm -rf /etc/tasklane /var/lib/tasklane \
 && install -d -o 10002 -g 10001 -m 0750 /run/nginx \
 && install -d -o 10001 -g 10001 -m 0770 /run/tasklane \
 && install -d -o 10001 -g 10001 -m 0755 /var/lib/tasklane
COPY --chmod=755 docker/serve-nginx /usr/local/bin/serve-nginx
ENV HTTPS_PORT=8443 HTTP_PORT=8080
EXPOSE 8443 8080 8082
USER 10002:10001
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/usr/local/bin/serve-nginx"]
ARG VERSION=1.0.0 REVISION=unknown
LABEL org.opencontainers.image.title="tasklane-nginx" \
      org.opencontainers.image.description="nginx with Tasklane's site, configured from the environment" \
      org.opencontainers.image.version="$VERSION" org.opencontainers.image.revision="$REVISION"

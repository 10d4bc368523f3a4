# Tasklane's master and workers; `tasklane` is in it as well, for migrations. Build it from the project's root:
#   docker build -f docker/worker.Dockerfile -t tasklane-worker .
# The first stage is the same as in nginx.Dockerfile, so that it is built once.
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
# Numbers that do not change: volumes and secrets on the host belong to them.
RUN groupadd --gid 10001 tasklane \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tasklane
# cgi-fcgi is for the health check.
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    --mount=type=bind,from=build,source=/package,target=/package \
    rm -f /etc/apt/apt.conf.d/docker-clean \
 && apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libfcgi-bin /package/*.deb \
 && rm -rf /etc/tasklane /var/lib/tasklane \
 && install -d -o 10001 -g 10001 -m 0770 /run/tasklane \
 && install -d -o 10001 -g 10001 -m 0755 /var/lib/tasklane
ENV LOG_FORMAT=json
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/tasklane-master"]
ARG VERSION=1.0.0 REVISION=unknown
LABEL org.opencontainers.image.title="tasklane-worker" \
      org.opencontainers.image.description="Tasklane's task API: FastCGI workers and the operator's command" \
      org.opencontainers.image.version="$VERSION" org.opencontainers.image.revision="$REVISION"

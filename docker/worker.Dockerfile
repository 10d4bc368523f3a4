# Tasklane's master and workers; `tasklane` is in it as well, for migrations. Build it from the project's root:
#   docker build -f docker/worker.Dockerfile -t tasklane-worker .
# The first stage is the same as in nginx.Dockerfile, so that it is built once.
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
# Numbers that do not change: volumes and secrets on the host belong to them.
RUN groupadd --gid 10001 tasklane \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tasklane
COPY --from=build /package /package
# cgi-fcgi is for the health check.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libfcgi-bin /package/*.deb \
 && rm -rf /package /etc/tasklane /var/lib/apt/lists/* \
 && install -d -o 10001 -g 10001 -m 0770 /run/tasklane
ENV LOG_FORMAT=json
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --start-interval=1s \
  CMD REQUEST_METHOD=GET REQUEST_URI=/healthz cgi-fcgi -bind -connect /run/tasklane/tasklane.sock | grep -q '^Status: 200'
ENTRYPOINT ["/usr/bin/tasklane-master"]

# Stands for the postgres:17 image, which cannot be had without an engine.
FROM debian:13-slim
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-17 && rm -rf /var/lib/apt/lists/*
RUN mkdir -p /run/postgresql /var/lib/postgresql/data \
 && chown postgres:postgres /run/postgresql /var/lib/postgresql/data && chmod 700 /var/lib/postgresql/data
ENV PATH=/usr/lib/postgresql/17/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PGDATA=/var/lib/postgresql/data

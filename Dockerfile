# SPDX-License-Identifier: Apache-2.0
# docker build -t sluice .
# The first stage builds (about ten minutes of two cores); the second has the program and the libraries that it loads,
# and runs as a user without rights.
FROM debian:12 AS build
COPY . /src
RUN apt-get update && apt-get install -y --no-install-recommends make \
 && make -C /src && cmake --install /src/build/release --prefix /opt/sluice --strip

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates tzdata \
    libc6 libedit2 libfmt9 libbsd0 libgcc-s1 liblz4-1 libmd0 libpcre2-8-0 libprotobuf32 libsasl2-2 libspdlog1.10 libssl3 \
    libstdc++6 libtinfo6 libzstd1 zlib1g \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home sluice && install -d -o sluice -m 0700 /var/lib/sluice
COPY --from=build /opt/sluice /opt/sluice
USER sluice
WORKDIR /home/sluice
# Checkpoints live here: they have to last as long as their tables.
VOLUME /var/lib/sluice
ENTRYPOINT ["/opt/sluice/bin/sluice"]

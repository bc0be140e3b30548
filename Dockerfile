# docker build -t prometheus-remote-kinesis --build-arg COMMIT="$(git rev-parse --short HEAD)" .
# The executable is built from what npm ci installs; the image holds it, the libraries that it names, and nothing else:
# no shell, no package manager. docs/install.md tells how to run it.

# An image with node and npm. Of a glibc one comes an image with glibc, of node:24-alpine a smaller one with musl.
ARG BASE=docker.io/library/node:24-bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
# Only what the program is made of, and no package's install script. Bun itself the build fetches, by its hash.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund
COPY LICENSE tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
ARG COMMIT
# A small image counts more than a quick start.
RUN node scripts/build.ts --no-bytecode --commit "${COMMIT:-}" && node scripts/image-root.ts /image

FROM scratch
ARG COMMIT
# As package.json has it.
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="prometheus-remote-kinesis" \
      org.opencontainers.image.description="Prometheus remote write into Kinesis, Firehose, S3 or files" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
COPY --from=build /image /
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
# With no configuration the archive is /data/archive; quarantine and spool lie here as well. The rest may be read-only.
WORKDIR /data
VOLUME /data
EXPOSE 9501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["/usr/local/bin/prometheus-remote-kinesis", "check", "--health"]
ENTRYPOINT ["/usr/local/bin/prometheus-remote-kinesis"]

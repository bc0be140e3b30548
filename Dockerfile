# The executable is built from what npm ci installs; the image holds it and the C library, and runs as nobody's user.
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci
COPY src ./src
COPY scripts ./scripts
RUN npm run build

FROM debian:bookworm-slim
COPY --from=build /src/dist/prometheus-remote-kinesis /usr/local/bin/prometheus-remote-kinesis
# With no configuration the archive is /data/archive.
WORKDIR /data
RUN chown 65532:65532 /data
USER 65532:65532
VOLUME /data
EXPOSE 9501
ENTRYPOINT ["prometheus-remote-kinesis"]

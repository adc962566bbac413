# syntax=docker/dockerfile:1
# The base images are build arguments, so that the image can also be built
# from a registry of your own.
ARG GO_IMAGE=docker.io/library/golang:1.26-bookworm
ARG BASE_IMAGE=gcr.io/distroless/static-debian12:nonroot

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY cmd cmd
COPY scanner scanner
COPY detectors detectors
ARG VERSION=dev
ARG TARGETOS=linux
ARG TARGETARCH
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION}" -o /out/aktvakt ./cmd/aktvakt && \
    install -d -m 0700 /out/state /out/report

# CA certificates and time zones, a user of its own, no shell.
FROM ${BASE_IMAGE}
ARG VERSION=dev
LABEL org.opencontainers.image.title="aktvakt" \
      org.opencontainers.image.description="Finds documents on file shares that more people can read than their content allows" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /out/aktvakt /usr/bin/aktvakt
COPY --from=build --chown=65532:65532 /out/state /var/lib/aktvakt
COPY --from=build --chown=65532:65532 /out/report /report
USER 65532:65532
ENV XDG_STATE_HOME=/var/lib XDG_CACHE_HOME=/tmp
VOLUME ["/var/lib/aktvakt", "/report"]
WORKDIR /report
ENTRYPOINT ["/usr/bin/aktvakt"]
CMD ["--help"]

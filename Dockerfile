# syntax=docker/dockerfile:1
# Two images come of this file:
#
#   docker build -t aktvakt .                  with OCR (tesseract, Nordic languages)
#   docker build -t aktvakt --target slim .    without
#
# Both hold the static program, CA certificates and time zones, run as user
# 65532, need no writable root and have no shell and no package manager. Their
# bases are build arguments, so that they can be pinned to a digest and taken
# from a registry of your own.
ARG GO_IMAGE=docker.io/library/golang:1.26-bookworm
ARG OS_IMAGE=docker.io/library/debian:bookworm-slim

# The program is cross-compiled: no emulation is needed for another platform.
FROM --platform=${BUILDPLATFORM:-linux/amd64} ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY scanner/source/smb/internal/sddl scanner/source/smb/internal/sddl
RUN go mod download
COPY cmd cmd
COPY scanner scanner
COPY detectors detectors
ARG VERSION=dev
ARG TARGETOS=linux
ARG TARGETARCH
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION}" -o /out/aktvakt ./cmd/aktvakt && \
    mkdir -m 0700 /out/state /out/report
# The licences ask that their texts go along.
RUN go list -deps -f '{{with .Module}}{{if and (not .Main) (not .Replace)}}{{.Path}} {{.Dir}}{{end}}{{end}}' ./cmd/aktvakt | sort -u | \
    while read -r path dir; do \
      mkdir -p "/out/licenses/$path" && \
      find "$dir" -maxdepth 1 -type f \( -iname 'licen[sc]e*' -o -iname 'copying*' -o -iname 'notice*' \) -exec cp {} "/out/licenses/$path/" \; || exit 1; \
    done
COPY LICENSE /out/licenses/aktvakt/

# What every image needs beside the program. It is the same on each platform.
FROM --platform=${BUILDPLATFORM:-linux/amd64} ${OS_IMAGE} AS files
RUN apt-get update -qq && \
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends ca-certificates tzdata >/dev/null && \
    mkdir -p /rootfs/etc/ssl/certs /rootfs/etc/aktvakt /rootfs/usr/share /rootfs/usr/bin /rootfs/var/lib && \
    mkdir -m 1777 /rootfs/tmp && \
    cp /etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/ && \
    cp -a /usr/share/zoneinfo /rootfs/usr/share/ && \
    cp -L /etc/os-release /rootfs/etc/os-release && \
    echo 'aktvakt:x:65532:65532:aktvakt:/var/lib/aktvakt:/sbin/nologin' >/rootfs/etc/passwd && \
    echo 'aktvakt:x:65532:' >/rootfs/etc/group && \
    echo 'hosts: files dns' >/rootfs/etc/nsswitch.conf

# Tesseract with the libraries that it loads and its languages. The packages
# they come from are listed where image scanners look for them.
FROM ${OS_IMAGE} AS tesseract
RUN apt-get update -qq && \
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
      tesseract-ocr tesseract-ocr-swe tesseract-ocr-dan tesseract-ocr-nor tesseract-ocr-fin tesseract-ocr-isl tesseract-ocr-eng >/dev/null && \
    mkdir -p /rootfs/var/lib/dpkg/status.d && \
    ldd /usr/bin/tesseract | grep -o '/[^ ]*' >/tmp/files && echo /usr/bin/tesseract >>/tmp/files && \
    while read -r f; do \
      mkdir -p "/rootfs$(dirname "$f")" && cp -L "$f" "/rootfs$f" && \
      for p in $(dpkg -S "$f" "$(readlink -f "$f")" "$(readlink -f "$f" | sed 's,^/usr,,')" 2>/dev/null | cut -d: -f1 | sort -u); do \
        dpkg -s "$p" >"/rootfs/var/lib/dpkg/status.d/$p" && \
        if [ -e "/usr/share/doc/$p/copyright" ]; then mkdir -p "/rootfs/usr/share/licenses/debian/$p" && cp -L "/usr/share/doc/$p/copyright" "/rootfs/usr/share/licenses/debian/$p/"; fi; \
      done || exit 1; \
    done </tmp/files && \
    mkdir -p /rootfs/usr/share && cp -a /usr/share/tesseract-ocr /rootfs/usr/share/

FROM scratch AS slim
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="aktvakt" \
      org.opencontainers.image.description="Finds documents on file shares that more people can read than their content allows" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=files /rootfs /
COPY --from=build /out/licenses /usr/share/licenses
COPY --from=build /out/aktvakt /usr/bin/aktvakt
COPY --from=build --chown=65532:65532 /out/state /var/lib/aktvakt
COPY --from=build --chown=65532:65532 /out/report /report
USER 65532:65532
ENV PATH=/usr/bin XDG_STATE_HOME=/var/lib XDG_CACHE_HOME=/tmp HOME=/tmp
VOLUME ["/var/lib/aktvakt", "/report"]
WORKDIR /report
ENTRYPOINT ["/usr/bin/aktvakt"]
CMD ["--help"]

FROM slim AS ocr
COPY --from=tesseract /rootfs /

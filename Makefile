# One command runs the main job, one runs every test:
#
#   go run ./cmd/aktvakt scan PATH
#   make test
#
# make test installs what the tests need with apt (as root), so that a fresh
# machine with Go is enough.

GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
APT = samba samba-common-bin smbclient samba-vfs-modules samba-ad-dc samba-ad-provision \
	winbind python3-samba libnss-wrapper krb5-user openssl qpdf tesseract-ocr tesseract-ocr-swe \
	apache2-bin media-types libapache2-mod-auth-gssapi gss-ntlmssp \
	acl attr util-linux iproute2 chromium poppler-utils buildah podman runc systemd \
	tesseract-ocr-dan tesseract-ocr-nor tesseract-ocr-fin tesseract-ocr-isl tesseract-ocr-eng
PKGS = ./...
CACHE ?= $(CURDIR)/.cache

# The same flags as in the Dockerfile: two builds of one commit with one
# toolchain are the same bytes, wherever they are made.
BUILD = CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION)"
# Tools for releases, pinned; Go fetches them by version and checks their sums.
CYCLONEDX = github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.9.0
LICENSES = github.com/google/go-licenses@v1.6.0
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.1.4

.PHONY: build test check unit tools image release sbom licenses vuln repro clean

build:
	$(BUILD) -o aktvakt ./cmd/aktvakt

test: tools check unit

# tools installs the servers and programs that the tests run for real. A test
# whose program is missing fails and says so; none is skipped.
tools:
	@missing=""; command -v npm >/dev/null || missing=" npm"; for p in $(APT); do \
	  dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$p"; \
	done; \
	if [ -n "$$missing" ]; then \
	  echo "installing:$$missing"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null || \
	  { echo "make: error: the test programs$$missing could not be installed; run this as root on Debian or install them by hand" >&2; exit 1; }; \
	fi

check:
	@test -z "$$(gofmt -l cmd scanner detectors)" || { gofmt -l cmd scanner detectors; echo "make: error: run gofmt -w on these files" >&2; exit 1; }
	$(GO) vet $(PKGS)
	$(GO) run $(STATICCHECK) $(PKGS)

# unit looks for data races where goroutines share anything. Parsers and
# detectors are functions of one document: under the race detector they take ten
# times as long and show nothing. The engine and the pool that run them at once
# are among the raced.
RACED = ./cmd/... ./detectors/engine ./scanner ./scanner/access/... ./scanner/config ./scanner/extract ./scanner/extract/worker \
	./scanner/judge ./scanner/report/... ./scanner/source/... ./scanner/state
unit:
	$(GO) test -race -timeout 45m $(RACED)
	$(GO) test -timeout 30m $(filter-out $(shell $(GO) list $(RACED)),$(shell $(GO) list $(PKGS)))

# image builds the container with whichever builder works here; IMAGE_TARGET=slim
# leaves OCR out, GO_IMAGE and OS_IMAGE name other bases, IMAGE_FLAGS are for the
# builder.
IMAGE ?= aktvakt
IMAGE_TARGET ?= ocr
BUILDER ?= $(shell docker info >/dev/null 2>&1 && echo docker || command -v podman || command -v buildah)
image:
	@test -n "$(BUILDER)" || { echo "make: error: no builder of images works here: install docker, podman or buildah" >&2; exit 1; }
	$(BUILDER) build --target $(IMAGE_TARGET) --tag $(IMAGE):$(VERSION) --tag $(IMAGE):latest --build-arg VERSION=$(VERSION) \
	  --build-arg REVISION=$(shell git rev-parse HEAD 2>/dev/null || echo unknown) \
	  $(if $(GO_IMAGE),--build-arg GO_IMAGE=$(GO_IMAGE)) $(if $(OS_IMAGE),--build-arg OS_IMAGE=$(OS_IMAGE)) $(IMAGE_FLAGS) .

# release makes what is published: the program for two platforms, what it is
# made of, under which licences, and the sums of all.
release: sbom licenses
	GOOS=linux GOARCH=amd64 $(BUILD) -o dist/aktvakt-linux-amd64 ./cmd/aktvakt
	GOOS=linux GOARCH=arm64 $(BUILD) -o dist/aktvakt-linux-arm64 ./cmd/aktvakt
	cd dist && sha256sum aktvakt-* aktvakt.cdx.json licenses.csv > SHA256SUMS

# sbom lists the modules that are linked (CycloneDX 1.6).
sbom: build
	mkdir -p dist
	$(GO) run $(CYCLONEDX) bin -json -noserial -version $(VERSION) -output dist/aktvakt.cdx.json aktvakt

# licenses lists the licence of each module and fails where one asks for more
# than its text to be kept (GPL, LGPL, AGPL and the like).
licenses:
	mkdir -p dist
	$(GO) run $(LICENSES) check --disallowed_types=forbidden,restricted --ignore aktvakt ./cmd/aktvakt
	$(GO) run $(LICENSES) report --ignore aktvakt ./cmd/aktvakt 2>/dev/null | LC_ALL=C sort > dist/licenses.csv

# vuln asks the Go vulnerability data base (GOVULNDB names a mirror, also a
# file:// one) which known faults the program can reach.
vuln:
	$(GO) run $(GOVULNCHECK) ./cmd/aktvakt

# repro builds twice, in different folders and with empty caches of compiled
# code, and compares.
repro:
	rm -rf .cache/repro && mkdir -p .cache/repro/a .cache/repro/another/place
	for d in a another/place; do \
	  cp -r go.mod go.sum cmd scanner detectors .cache/repro/$$d/ && \
	  (cd .cache/repro/$$d && GOCACHE=$(CURDIR)/.cache/repro/cache-$$(basename $$d) $(BUILD) -o aktvakt ./cmd/aktvakt) || exit 1; \
	done
	cd .cache/repro && sha256sum a/aktvakt another/place/aktvakt && cmp a/aktvakt another/place/aktvakt

clean:
	rm -rf aktvakt dist .cache

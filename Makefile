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
	acl attr util-linux iproute2 chromium poppler-utils buildah podman runc systemd \
	tesseract-ocr-dan tesseract-ocr-nor tesseract-ocr-fin tesseract-ocr-isl tesseract-ocr-eng
PKGS = ./...
CACHE ?= $(CURDIR)/.cache

.PHONY: build test check unit tools image clean

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o aktvakt ./cmd/aktvakt

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

unit:
	$(GO) test -race -timeout 20m $(PKGS)

# image builds the container with whichever builder is here; IMAGE_TARGET=slim
# leaves OCR out. GO_IMAGE and OS_IMAGE name other bases.
IMAGE ?= aktvakt
IMAGE_TARGET ?= ocr
BUILDER ?= $(firstword $(foreach b,docker podman buildah,$(if $(shell command -v $(b)),$(b))))
image:
	$(BUILDER) build --target $(IMAGE_TARGET) --tag $(IMAGE):$(VERSION) --build-arg VERSION=$(VERSION) \
	  --build-arg REVISION=$(shell git rev-parse HEAD 2>/dev/null || echo unknown) \
	  $(if $(GO_IMAGE),--build-arg GO_IMAGE=$(GO_IMAGE)) $(if $(OS_IMAGE),--build-arg OS_IMAGE=$(OS_IMAGE)) .

clean:
	rm -rf aktvakt .cache

#!/bin/sh
# Makes a base image out of the packages that this Debian machine has, so that
# the Dockerfile is built for real where no registry of images can be reached.
# It stands in for both base images: the Go toolchain comes as a volume.
#
#   base.sh IMAGE        (root; needs buildah and the packages below)
#
# Options for buildah, such as --root, come from the variable BUILDAH_OPTIONS.
set -eu
image=$1
packages="bash dash coreutils grep sed findutils tar gzip dpkg apt libc-bin debconf
  ca-certificates openssl tzdata base-files base-passwd perl-base mawk login
  tesseract-ocr tesseract-ocr-swe tesseract-ocr-dan tesseract-ocr-nor tesseract-ocr-fin tesseract-ocr-isl tesseract-ocr-eng"

# shellcheck disable=SC2086
buildah() { command buildah ${BUILDAH_OPTIONS:-} "$@"; }

container=$(buildah from scratch)
root=$(buildah mount "$container")

# The packages and all that they depend on, as far as they are here.
# shellcheck disable=SC2086
all=$(apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances $packages |
  grep '^[a-z0-9]' | sort -u)
# shellcheck disable=SC2086
here=$(dpkg-query -W -f '${db:Status-Status} ${binary:Package}\n' $all 2>/dev/null | sed -n 's/^installed //p')

for d in bin sbin lib lib64; do
  mkdir -p "$root/usr/$d" && ln -s "usr/$d" "$root/$d"
done
# shellcheck disable=SC2086
dpkg-query -L $here | grep '^/.' | grep -v -e '^/usr/share/\(man\|locale\)/' | sort -u |
  while read -r f; do if [ ! -d "$f" ] || [ -L "$f" ]; then echo "${f#/}"; fi; done |
  grep -v -x -e bin -e sbin -e lib -e lib64 |
  tar -C / --no-recursion --ignore-failed-read -cf - -T - 2>/dev/null | tar -C "$root" --keep-directory-symlink -xf -

# What the packages' scripts made.
mkdir -p "$root/etc/ssl/certs" "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/triggers" \
  "$root/var/lib/apt/lists/partial" "$root/var/cache/apt/archives/partial" "$root/var/log/apt" "$root/var/cache/debconf" "$root/tmp" "$root/root" "$root/etc/apt"
chmod 1777 "$root/tmp"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
cp -aL /usr/local/share/ca-certificates "$root/usr/local/share/" 2>/dev/null || :
cp -a /etc/passwd /etc/group /etc/os-release /etc/alternatives /etc/ld.so.conf /etc/ld.so.conf.d "$root/etc/"
for l in awk which pager; do [ -e "$root/usr/bin/$l" ] || cp -a "/usr/bin/$l" "$root/usr/bin/" 2>/dev/null || :; done
for p in $here; do
  for f in /var/lib/dpkg/info/"$p".* /var/lib/dpkg/info/"${p%%:*}".*; do
    [ ! -e "$f" ] || cp -a "$f" "$root/var/lib/dpkg/info/"
  done
done
# apt is told that all packages of this machine are there, and of no place to
# fetch others from: those that the Dockerfile asks it for are there.
cp /var/lib/dpkg/status "$root/var/lib/dpkg/status"
mkdir -p "$root/etc/apt/preferences.d" "$root/etc/apt/apt.conf.d"
cp -a /var/lib/dpkg/info/format "$root/var/lib/dpkg/info/" 2>/dev/null || :
: >"$root/var/lib/dpkg/available"

buildah config --env PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --env GOPATH=/go --env GOTOOLCHAIN=local "$container"
buildah umount "$container" >/dev/null
buildah commit --quiet --rm "$container" "$image" >/dev/null

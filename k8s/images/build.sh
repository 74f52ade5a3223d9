#!/usr/bin/env bash
# Builds the images by buildah or docker: k8s/images/build.sh [image...]. Names are $PREFIX/NAME:$TAG; base images are AWS's public
# ones, or with BASES=debian Debian's. With ARCHIVES=folder each image is also written there as a docker-archive.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
PREFIX="${PREFIX:-kubelambda}" TAG="${TAG:-latest}"
images=("$@")
[ "${#images[@]}" -gt 0 ] || images=(supervisor nodejs python ruby provided server)

base_of() {
  [ "${BASES:-aws}" = debian ] || return 0
  case "$1" in
    nodejs) echo --build-arg BASE=docker.io/library/node:24-bookworm-slim ;;
    python | ruby | provided) echo --build-arg BASE=docker.io/library/debian:bookworm-slim ;;
  esac
}

for image in "${images[@]}"; do
  name="$PREFIX/$image:$TAG"
  arguments=(-t "$name" -f "k8s/images/$image.Dockerfile" --build-arg "SUPERVISOR=$PREFIX/supervisor:$TAG")
  # shellcheck disable=SC2046 # an argument and its value, or nothing
  if command -v buildah >/dev/null; then
    buildah --storage-driver overlay bud --isolation chroot --layers $(base_of "$image") "${arguments[@]}" .
  else
    docker build $(base_of "$image") "${arguments[@]}" .
  fi
  [ -n "${ARCHIVES:-}" ] || continue
  mkdir -p "$ARCHIVES" && rm -f "$ARCHIVES/$image.tar"
  if command -v buildah >/dev/null; then
    buildah --storage-driver overlay push -q "$name" "docker-archive:$ARCHIVES/$image.tar:$name"
  else
    docker save -o "$ARCHIVES/$image.tar" "$name"
  fi
done

# syntax=docker/dockerfile-upstream:master
ARG RUNC_VERSION=v1.1.4
ARG CONTAINERD_VERSION=v1.6.18
ARG CONTAINERD_ALT_VERSION_15=v1.5.18
ARG REGISTRY_VERSION=2.8.0
ARG ROOTLESSKIT_VERSION=v1.0.1
ARG CNI_VERSION=v1.1.1
ARG STARGZ_SNAPSHOTTER_VERSION=v0.13.0
ARG NERDCTL_VERSION=v1.0.0
ARG DNSNAME_VERSION=v1.3.1
ARG NYDUS_VERSION=v2.1.0
ARG ALPINE_VERSION=3.17
FROM alpine:${ALPINE_VERSION} AS alpine-amd64
FROM alpine:${ALPINE_VERSION} AS alpine-arm
FROM alpine:${ALPINE_VERSION} AS alpine-arm64
FROM alpine:${ALPINE_VERSION} AS alpine-s390x
FROM alpine:${ALPINE_VERSION} AS alpine-ppc64le
FROM alpine:edge@sha256:c223f84e05c23c0571ce8decefef818864869187e1a3ea47719412e205c8c64e AS alpine-riscv64
FROM alpine-$TARGETARCH AS alpinebase
FROM --platform=$BUILDPLATFORM tonistiigi/xx:1.2.1 AS xx
FROM --platform=$BUILDPLATFORM golang:1.19-alpine${ALPINE_VERSION} AS golatest
FROM --platform=$BUILDPLATFORM alpine:${ALPINE_VERSION} AS git
FROM golatest AS gobuild-base
FROM git AS runc-src
ARG RUNC_VERSION
  && cd runc && git checkout -q "$RUNC_VERSION"
FROM gobuild-base AS runc
ARG TARGETPLATFORM
FROM gobuild-base AS dnsname
ARG DNSNAME_VERSION
FROM gobuild-base AS buildkit-base
FROM buildkit-base AS buildkit-version
FROM buildkit-base AS buildctl
ARG TARGETPLATFORM
FROM buildkit-base AS buildkitd
ARG BUILDKITD_TAGS
ARG TARGETPLATFORM
FROM scratch AS binaries-linux-helper
FROM binaries-linux-helper AS binaries-linux
FROM scratch AS binaries-darwin

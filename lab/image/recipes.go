package image

import "slices"

// both are the architectures that specs build and run for.
var both = []string{"amd64", "arm64"}

// debianBase is what a small Debian consists of.
var debianBase = []string{
	"base-files", "base-passwd", "bash", "bsdutils", "coreutils", "dash", "debianutils", "diffutils",
	"findutils", "grep", "gzip", "hostname", "libc-bin", "login", "mawk", "mount", "ncurses-base",
	"passwd", "perl-base", "sed", "tar", "tzdata", "util-linux",
}

// Debian is a small Debian of the host's release. Its packages are unpacked, not
// configured; it has no apt.
func Debian(codename string) Recipe {
	r := Recipe{
		Refs:   []string{"library/debian:bookworm-slim", "library/debian:bookworm"},
		Origin: "Debian packages (" + codename + "), unpacked and not configured",
		Archs:  both,
		Layers: []Layer{Packages{Names: debianBase}},
		Cmd:    []string{"bash"},
	}
	if codename != "bookworm" {
		r.StandIn = codename + ", built by the lab from the host's packages"
	}
	return r
}

// Ubuntu stands in for ubuntu:20.04.
func Ubuntu(codename string) Recipe {
	r := Debian(codename)
	r.Refs = []string{"library/ubuntu:20.04"}
	r.StandIn = "Debian " + codename + ", built by the lab from Debian packages"
	return r
}

// BusyboxImage is library/busybox.
func BusyboxImage() Recipe {
	return Recipe{
		Refs:   []string{"library/busybox:latest"},
		Origin: "Debian's busybox-static",
		Archs:  both,
		Layers: []Layer{Busybox{Dir: "bin"}, Files{
			"etc/passwd": {Text: "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n", Mode: 0o644},
			"etc/group":  {Text: "root:x:0:\nnogroup:x:65534:\n", Mode: 0o644},
			"root":       {Mode: 0o700},
			"tmp":        {Mode: 0o1777},
			"var/tmp":    {Mode: 0o1777},
		}},
		Cmd: []string{"sh"},
	}
}

// buildkitTools are the other programs in BuildKit's own image.
var buildkitTools = []string{"ca-certificates", "git", "openssh-client", "pigz", "xz-utils"}

// BuildKit is moby/buildkit for one release. Its programs are files of this
// machine: buildkitd, buildctl, runc.
func BuildKit(refs []string, arch, origin string, buildkitd, buildctl, runc string) Recipe {
	return Recipe{
		Refs:   refs,
		Origin: origin,
		Archs:  []string{arch},
		Layers: []Layer{
			Packages{Names: debianBase},
			Packages{Names: buildkitTools, On: debianBase},
			Files{
				"usr/bin/buildkitd":     {From: buildkitd},
				"usr/bin/buildctl":      {From: buildctl},
				"usr/bin/buildkit-runc": {From: runc},
			},
		},
		Entrypoint: []string{"buildkitd"},
		Volumes:    []string{"/var/lib/buildkit"},
	}
}

// Frontend is docker/dockerfile of one release, the Dockerfile syntax as an
// image. Its labels are upstream's: BuildKit reads there what the frontend can
// do.
func Frontend(refs []string, arch, origin, binary string, labels map[string]string) Recipe {
	return Recipe{
		Refs:       refs,
		Origin:     origin,
		Archs:      []string{arch},
		Layers:     []Layer{Files{"bin/dockerfile-frontend": {From: binary}}},
		Entrypoint: []string{"/bin/dockerfile-frontend"},
		Labels:     labels,
	}
}

// registryConfig is the configuration of registry:3 if no other one is mounted.
const registryConfig = `version: 0.1
log:
  level: info
storage:
  filesystem:
    rootdirectory: /var/lib/registry
  delete:
    enabled: true
http:
  addr: :5000
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`

// Registry is registry:3, on busybox.
func Registry(arch, origin, binary string) Recipe {
	box := BusyboxImage()
	return Recipe{
		Refs:   []string{"library/registry:3"},
		Origin: origin,
		Archs:  []string{arch},
		Layers: slices.Concat(box.Layers, []Layer{Files{
			"bin/registry":                {From: binary},
			"etc/distribution/config.yml": {Text: registryConfig, Mode: 0o644},
		}}),
		Entrypoint: []string{"registry"},
		Cmd:        []string{"serve", "/etc/distribution/config.yml"},
		Env:        []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "OTEL_TRACES_EXPORTER=none"},
		Volumes:    []string{"/var/lib/registry"},
		Ports:      []string{"5000/tcp"},
	}
}

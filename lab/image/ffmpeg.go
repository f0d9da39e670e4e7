package image

import "slices"

// FFmpeg returns the images of the ffmpeg chapter: what is packaged, and bases
// with and without a shell.
func FFmpeg(codename string) []Recipe {
	return []Recipe{ffmpegPackages(codename), distroless(codename), distrolessDebug(codename)}
}

// ffmpegPackages holds what the chapter's Dockerfile downloads itself if a build
// can reach Debian: see packages.sh next to it, which has the same layout.
func ffmpegPackages(codename string) Recipe {
	return Recipe{
		Refs:    []string{"builders/ffmpeg-packages:lab"},
		Origin:  "Debian packages (" + codename + "), unpacked",
		StandIn: "ffmpeg and Nix from Debian " + codename + ", unpacked by the lab; not nixpkgs",
		Archs:   both,
		Layers: []Layer{Unpacked{
			Manifest: "manifest",
			Parts: []Part{
				// What is only loaded at run time, for a graphics card, is half of the download.
				{Dir: "ffmpeg", Names: []string{"ffmpeg"}, Without: `libgl1-mesa-dri|libllvm\d+|libz3-\d+`,
					Keep: `usr/bin/(ffmpeg|ffprobe)|usr/lib/.*\.so(\.[^/]*)?`},
				// nix-build does not need Perl.
				{Dir: "nix", Names: []string{"nix-bin", "patchelf"}, On: debianBase, Without: `perl|perl-.*|libperl.*|lib.*-perl|libgdbm.*`,
					Keep: `usr/(bin|lib|libexec)/.*`},
			},
		}},
	}
}

// distrolessFiles are the small base's files that are not from packages.
var distrolessFiles = Files{
	"etc/passwd":        {Text: "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n", Mode: 0o644},
	"etc/group":         {Text: "root:x:0:\nnonroot:x:65532:\n", Mode: 0o644},
	"etc/nsswitch.conf": {Text: "hosts: files dns\n", Mode: 0o644},
	"home/nonroot":      {Mode: 0o700},
	"tmp":               {Mode: 0o1777},
}

// distroless is a base with a C library and certificates, and without a shell.
func distroless(codename string) Recipe {
	return Recipe{
		Registry: "gcr.io",
		Refs:     []string{"distroless/base-debian12:latest"},
		Origin:   "Debian packages (" + codename + ")",
		StandIn:  "libc6, libssl3, tzdata and ca-certificates of Debian " + codename + ", put together by the lab",
		Archs:    both,
		Layers: []Layer{
			Alone{Names: []string{"base-files", "ca-certificates", "libc6", "libssl3", "netbase", "tzdata"}, Keep: `(etc|lib|lib64|usr/lib|usr/lib64|usr/share|var)(/.*)?`},
			distrolessFiles,
		},
		Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
	}
}

// distrolessDebug is the same base with a shell, in a place where programs do not
// usually look for one.
func distrolessDebug(codename string) Recipe {
	r := distroless(codename)
	r.Refs = []string{"distroless/base-debian12:debug"}
	r.StandIn += ", with busybox"
	r.Layers = append(slices.Clip(r.Layers), Busybox{Dir: "busybox"})
	r.Env = []string{r.Env[0] + ":/busybox", r.Env[1]}
	return r
}

//go:build browser

package page

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"builders.test/helpers/evidence"
	"builders.test/lab/debian"
	"gotest.tools/v3/assert"
)

// chromium returns the browser to test with: the one on PATH or, on Debian, its
// headless one, unpacked into the cache and not installed. If there is neither,
// the test is skipped.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-headless-shell", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	release, err := debian.HostRelease()
	if err != nil || release.ID != "debian" {
		t.Skip("no Chromium on PATH, and this is not Debian to take one from: the page was not tried in a browser")
	}
	return unpackedChromium(t)
}

// unpackedChromium provides Debian's headless Chromium and returns a script
// that runs it. The first time it downloads some 120 MB.
func unpackedChromium(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	assert.NilError(t, err)
	dir := filepath.Join(cache, "builders", "browser")
	start := filepath.Join(dir, "start")
	if _, err := os.Stat(start); err == nil {
		return start
	}
	t.Log("fetching Chromium from Debian into", dir)
	root := filepath.Join(dir, "root")
	assert.NilError(t, os.RemoveAll(root))
	assert.NilError(t, os.MkdirAll(root, 0o755))
	archive := debian.Archive{Dir: filepath.Join(dir, "apt"), Temp: t.TempDir(), Arch: runtime.GOARCH}
	err = unpackWithDependencies(t.Context(), &archive, root, "chromium-headless-shell", "fonts-dejavu-core")
	if errors.Is(err, debian.ErrArchive) {
		t.Skip("no Chromium on PATH, and Debian's is not available, so the page was not tried in a browser: ", err)
	}
	assert.NilError(t, err)
	assert.NilError(t, os.RemoveAll(archive.Dir))
	// Fonts and their configuration are looked for below the root, too.
	script := fmt.Sprintf(`#!/bin/sh
root=%s
set -- "$root"/usr/lib/chromium "$root"/usr/lib/*-linux-gnu "$root"/usr/lib/*-linux-gnu/pulseaudio "$root"/lib/*-linux-gnu -- "$@"
LD_LIBRARY_PATH=
while [ "$1" != -- ]; do LD_LIBRARY_PATH=$LD_LIBRARY_PATH${LD_LIBRARY_PATH:+:}$1; shift; done
shift
export LD_LIBRARY_PATH FONTCONFIG_SYSROOT="$root" FONTCONFIG_FILE=/etc/fonts/fonts.conf
exec "$root"/usr/lib/chromium/chromium-headless-shell "$@"
`, evidence.Line(nil, []string{root}))
	assert.NilError(t, os.WriteFile(start+".new", []byte(script), 0o755))
	assert.NilError(t, os.Rename(start+".new", start))
	return start
}

// superfluous are the beginnings of packages that Chromium depends on but does
// not need: those that draw with a graphics card, and the C library, which must
// be the host's, like its loader.
var superfluous = []string{"libc6_", "libgl1-mesa-dri_", "libllvm", "libz3-"}

func unpackWithDependencies(ctx context.Context, archive *debian.Archive, root string, packages ...string) error {
	debs, err := archive.Closure(ctx, packages...)
	if err != nil {
		return err
	}
	needed := slices.DeleteFunc(debs, func(deb string) bool {
		return slices.ContainsFunc(superfluous, func(name string) bool { return strings.HasPrefix(filepath.Base(deb), name) })
	})
	return debian.Unpack(ctx, root, needed...)
}

package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"builders.test/lab/debian"
	"builders.test/lab/problem"
	"builders.test/lab/site"
	"github.com/docker/go-units"
)

// session runs fn after the checks and with the folders that all work needs, while
// no one takes the lab down. Other processes may work on the lab, too: whatever only
// one may do at a time has a lock of its own, see [site.Site.Alone].
func (l *Lab) session(ctx context.Context, fn func(context.Context) error) error {
	if err := preflight(l.host); err != nil {
		return err
	}
	if err := l.sessions.Acquire(ctx, 1); err != nil {
		return err
	}
	defer l.sessions.Release(1)
	return l.site.Use(ctx, func() error {
		if err := os.MkdirAll(l.site.Path("log"), 0o755); err != nil {
			return err
		}
		if !site.Exists(l.complete()) {
			if err := checkDisk(l.site.Cache); err != nil {
				return err
			}
		}
		if err := os.MkdirAll(l.site.Run, 0o700); err != nil {
			return err
		}
		return l.site.Temporary(ctx, func() error { return l.site.Work(ctx, fn) })
	})
}

// spaceNeeded is the disk space for a lab with two BuildKit releases, in bytes:
// 2.6 GB for itself and 3.6 GB for Go's build cache.
const spaceNeeded = 7 << 30

// preflight returns an error if the host lacks something that a lab needs.
func preflight(host debian.Release) error {
	const tried = "bringing up the lab"
	const otherwise = "or set DOCKER_HOST to an engine that is reachable"
	if runtime.GOOS != "linux" || !slices.Contains([]string{"amd64", "arm64"}, runtime.GOARCH) {
		return problem.New(tried, "it needs Linux on amd64 or arm64, this is "+runtime.GOOS+"/"+runtime.GOARCH, "use such a machine "+otherwise)
	}
	if !host.IsDebian() {
		return problem.New(tried, "it needs Debian or Ubuntu, this is "+host.ID, "use such a machine "+otherwise)
	}
	if os.Geteuid() != 0 {
		return problem.New(tried, "it needs root, you are uid "+fmt.Sprint(os.Geteuid()), "run it with sudo "+otherwise)
	}
	if missing := absent("go", "apt-get", "apt-config", "dpkg-deb"); len(missing) > 0 {
		return problem.New(tried, "not found on PATH: "+strings.Join(missing, ", "), "install what is missing, then run it again")
	}
	return nil
}

func absent(programs ...string) []string {
	return slices.DeleteFunc(programs, func(p string) bool {
		_, err := exec.LookPath(p)
		return err == nil
	})
}

// checkDisk returns an error if the disk is too small for a lab made from nothing.
func checkDisk(cache string) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(cache, &fs); err != nil {
		return err
	}
	if free := fs.Bavail * uint64(fs.Bsize); free < spaceNeeded {
		return problem.New("making the lab in "+cache, "only "+units.BytesSize(float64(free))+" are free, it takes "+units.BytesSize(spaceNeeded),
			"free some space or set XDG_CACHE_HOME to a larger disk")
	}
	return nil
}

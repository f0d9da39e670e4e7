package lab

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// spaceNeeded is what it takes to make a lab with two BuildKit releases, in
// bytes: 2.6 GB for itself and 3.6 GB for Go's build cache beside it.
const spaceNeeded = 7 << 30

// fit tells what this machine lacks for a lab, if anything.
func (l *Lab) fit() error {
	const tried = "bringing up the lab"
	const otherwise = "or set DOCKER_HOST to an engine that is reachable"
	if runtime.GOOS != "linux" || !slices.Contains([]string{"amd64", "arm64"}, runtime.GOARCH) {
		return environment(tried, "it needs Linux on amd64 or arm64, this is "+runtime.GOOS+"/"+runtime.GOARCH, "use such a machine "+otherwise)
	}
	if !l.release.IsDebian() {
		return environment(tried, "it needs Debian or Ubuntu, this is "+l.release.ID, "use such a machine "+otherwise)
	}
	if os.Geteuid() != 0 {
		return environment(tried, "it needs root, you are uid "+fmt.Sprint(os.Geteuid()), "run it with sudo "+otherwise)
	}
	if missing := absent("go", "apt-get", "apt-config", "dpkg-deb"); len(missing) > 0 {
		return environment(tried, "not found on PATH: "+strings.Join(missing, ", "), "install what is missing, then run it again")
	}
	return nil
}

func absent(programs ...string) []string {
	return slices.DeleteFunc(programs, func(p string) bool {
		_, err := exec.LookPath(p)
		return err == nil
	})
}

// room tells when the disk is too small for a lab that is made from nothing.
func (l *Lab) room() error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(l.cache, &fs); err != nil {
		return err
	}
	if free := fs.Bavail * uint64(fs.Bsize); free < spaceNeeded {
		return environment("making the lab in "+l.cache, "only "+size(int64(free))+" are free, it takes "+size(spaceNeeded),
			"free some space or set XDG_CACHE_HOME to a larger disk")
	}
	return nil
}

// size writes a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.0f MB", float64(n)/(1<<20))
	default:
		return fmt.Sprintf("%.0f kB", float64(n)/(1<<10))
	}
}

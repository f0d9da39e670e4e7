package lab

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/docker/go-units"
)

// spaceNeeded is what it takes to make a lab with two BuildKit releases, in
// bytes: 2.6 GB for itself and 3.6 GB for Go's build cache beside it.
const spaceNeeded = 7 << 30

// fit tells what this machine lacks for a lab, if anything.
func (l *Lab) fit() error {
	const tried = "bringing up the lab"
	const otherwise = "or set DOCKER_HOST to an engine that is reachable"
	if runtime.GOOS != "linux" || !slices.Contains([]string{"amd64", "arm64"}, runtime.GOARCH) {
		return problem(tried, "it needs Linux on amd64 or arm64, this is "+runtime.GOOS+"/"+runtime.GOARCH, "use such a machine "+otherwise)
	}
	if !l.release.IsDebian() {
		return problem(tried, "it needs Debian or Ubuntu, this is "+l.release.ID, "use such a machine "+otherwise)
	}
	if os.Geteuid() != 0 {
		return problem(tried, "it needs root, you are uid "+fmt.Sprint(os.Geteuid()), "run it with sudo "+otherwise)
	}
	if missing := absent("go", "apt-get", "apt-config", "dpkg-deb"); len(missing) > 0 {
		return problem(tried, "not found on PATH: "+strings.Join(missing, ", "), "install what is missing, then run it again")
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
		return problem("making the lab in "+l.cache, "only "+units.BytesSize(float64(free))+" are free, it takes "+units.BytesSize(spaceNeeded),
			"free some space or set XDG_CACHE_HOME to a larger disk")
	}
	return nil
}

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"builders.test/lab/debian"
	"builders.test/lab/problem"
	"github.com/docker/go-units"
)

// spaceNeeded is what it takes to make a lab with two BuildKit releases, in
// bytes: 2.6 GB for itself and 3.6 GB for Go's build cache beside it.
const spaceNeeded = 7 << 30

// preflight fails when the host lacks something for a lab.
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

// checkDisk fails when the disk is too small for a lab that is made from nothing.
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

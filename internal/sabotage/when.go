package sabotage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/gofrs/flock"
)

// memory returns a folder of the run's: the next command of the plugin finds what
// one leaves there, and it is removed with the run.
func memory() (string, error) {
	run := os.Getenv("DOCKER_CONFIG")
	if run == "" {
		return "", errors.New("DOCKER_CONFIG is not set, so commands of different runs cannot be distinguished")
	}
	folder := filepath.Join(run, "saboteur")
	return folder, os.MkdirAll(folder, 0o700)
}

// oneInThree is wrong at the first, the fourth, the seventh … build of a run
// that has the flag.
func oneInThree(flag string) func(Args) (bool, error) {
	return func(a Args) (bool, error) {
		if !a.Is(building...) || !a.Has(flag) {
			return false, nil
		}
		n, err := count(strings.TrimLeft(flag, "-"))
		return n%3 == 1, err
	}
}

// count returns which call with this name it is in the run, from one.
func count(name string) (n int, err error) {
	folder, err := memory()
	if err != nil {
		return 0, err
	}
	file := filepath.Join(folder, name)
	lock := flock.New(file + ".lock")
	if err := lock.Lock(); err != nil {
		return 0, fmt.Errorf("count the calls: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return 0, err
	default:
		if n, err = strconv.Atoi(string(text)); err != nil {
			return 0, fmt.Errorf("count the calls: %w", err)
		}
	}
	n++
	return n, os.WriteFile(file, []byte(strconv.Itoa(n)), 0o600)
}

// besideOthers is wrong for builds that begin while another build of the run is
// under way. A build notes its process before it looks for others, so that at
// least one of two that begin together sees the other.
func besideOthers(a Args) (bool, error) {
	if !a.Is(building...) {
		return false, nil
	}
	folder, err := memory()
	if err != nil {
		return false, err
	}
	// The real plugin replaces this process and keeps its number.
	own := strconv.Itoa(os.Getpid())
	if err := os.WriteFile(filepath.Join(folder, own+".build"), nil, 0o600); err != nil {
		return false, err
	}
	builds, err := filepath.Glob(filepath.Join(folder, "*.build"))
	if err != nil {
		return false, err
	}
	for _, build := range builds {
		number := strings.TrimSuffix(filepath.Base(build), ".build")
		pid, err := strconv.Atoi(number)
		if err != nil {
			return false, err
		}
		if number != own && syscall.Kill(pid, 0) == nil {
			return true, nil
		}
	}
	return false, nil
}

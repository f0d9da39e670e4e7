package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"builders.test/internal/lab/debian"
	"builders.test/internal/lab/image"
	"golang.org/x/sync/semaphore"
)

// Options choose where a lab lies and who watches it.
type Options struct {
	// Cache is the folder that everything is kept in; empty means
	// $XDG_CACHE_HOME/builders or ~/.cache/builders.
	Cache string
	// Progress receives one line per event; nil means silence.
	Progress io.Writer
}

// Lab is one lab: a cache folder and the daemons that run from it. Two labs
// with different folders do not meet.
type Lab struct {
	cache, run string
	id         string
	host       string
	progress   *progress
	// downloads and compiles bound how much of each goes on at a time.
	downloads, compiles *semaphore.Weighted
	maker               *image.Maker
	work                *once
	release             debian.Release
	mu                  sync.Mutex
}

// Open names a lab; it neither creates nor starts anything.
func Open(o Options) (*Lab, error) {
	cache := o.Cache
	if cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return nil, environment("finding the cache folder", err.Error(), "set XDG_CACHE_HOME or HOME")
		}
		cache = filepath.Join(base, "builders")
	}
	cache, err := filepath.Abs(cache)
	if err != nil {
		return nil, explain("finding the cache folder", err)
	}
	sum := sha256.Sum256([]byte(cache))
	id := hex.EncodeToString(sum[:])[:8]
	l := &Lab{
		cache: cache, id: id, host: runtime.GOARCH,
		// Sockets live here: their paths must not be longer than 108 bytes,
		// and a cache folder's may be.
		run:       "/run/builders-" + id,
		progress:  newProgress(o.Progress),
		downloads: semaphore.NewWeighted(2),
		compiles:  semaphore.NewWeighted(2),
	}
	l.release, _ = debian.HostRelease()
	archives := map[string]*debian.Archive{}
	for _, arch := range []string{"amd64", "arm64"} {
		archives[arch] = &debian.Archive{Dir: l.path("apt", arch), Temp: l.path("tmp"), Arch: arch}
	}
	l.maker = &image.Maker{
		Dir: cache, Temp: l.path("tmp"), HostArch: l.host,
		Archives: archives, Date: imageDate,
	}
	return l, nil
}

// path is a path in the cache folder.
func (l *Lab) path(parts ...string) string {
	return filepath.Join(append([]string{l.cache}, parts...)...)
}

// Host is the endpoint of the lab's engine, for DOCKER_HOST.
func (l *Lab) Host() string { return "unix://" + l.socket() }

func (l *Lab) socket() string { return filepath.Join(l.run, "docker.sock") }

// settings are the choices that a lab makes once and keeps, because names of
// images and networks carry them.
type settings struct {
	// Port of the registry on 127.0.0.1.
	Port int `json:"port"`
	// Net is the number of the lab's /20 within 198.18.0.0/15.
	Net int `json:"net"`
	// CLI is the folder of a docker command that the lab brought along.
	CLI string `json:"cli,omitempty"`
}

func (l *Lab) settings() (settings, error) {
	var s settings
	data, err := os.ReadFile(l.path("lab.json"))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(data, &s)
}

// change changes the settings; parts of the lab that come up side by side may
// do so.
func (l *Lab) change(fn func(*settings)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, err := l.settings()
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	before := s
	fn(&s)
	if s == before && err == nil {
		return nil
	}
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return replace(l.path("lab.json"), data)
}

// replace writes a file so that it is either the old or the new one.
func replace(file string, data []byte) error {
	if err := os.WriteFile(file+".new", data, 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

func (l *Lab) mirror() (string, error) {
	s, err := l.settings()
	if errors.Is(err, os.ErrNotExist) || err == nil && s.Port == 0 {
		return "", environment("finding the lab's registry", "the lab was never up", "run `builders lab up`")
	}
	return fmt.Sprintf("127.0.0.1:%d", s.Port), err
}

// Env are the variables that lead docker, buildx and the specs to this lab.
// They are complete once the lab has been up.
func (l *Lab) Env() map[string]string {
	env := map[string]string{
		"DOCKER_HOST":   l.Host(),
		"DOCKER_CONFIG": l.path("docker-config"),
		"BUILDERS_LAB":  l.cache,
	}
	if mirror, err := l.mirror(); err == nil {
		env["BUILDERS_MIRROR"] = mirror
	}
	if s, err := l.settings(); err == nil && s.CLI != "" {
		env["PATH"] = s.CLI + string(os.PathListSeparator) + os.Getenv("PATH")
	}
	if text, err := json.Marshal(l.standIns()); err == nil {
		env["BUILDERS_STANDINS"] = string(text)
	}
	return env
}

// standIns are the images that are not what their names say, with what they
// are instead.
func (l *Lab) standIns() map[string]string {
	all := map[string]string{}
	for _, r := range l.plainImages() {
		if r.StandIn == "" {
			continue
		}
		for _, name := range r.Names() {
			all[name] = r.StandIn
		}
	}
	return all
}

// Running tells whether the lab's engine answers.
func (l *Lab) Running(ctx context.Context) bool {
	return ping(ctx, l.Host()) == nil
}

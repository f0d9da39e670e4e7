package lab

import (
	"bytes"
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

	"builders.test/helpers/front"
	"builders.test/lab/debian"
	"builders.test/lab/image"
	"github.com/moby/sys/atomicwriter"
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
	// arch is this machine's architecture in Go's words.
	arch     string
	progress *progress
	// downloads and compiles bound how much of each goes on at a time.
	downloads, compiles *semaphore.Weighted
	maker               *image.Maker
	work                *once
	release             debian.Release
	// mu guards the settings, nets the choice of an engine's net.
	mu, nets sync.Mutex
}

// Open names a lab; it neither creates nor starts anything.
func Open(o Options) (*Lab, error) {
	cache := o.Cache
	if cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return nil, problem("finding the cache folder", err.Error(), "set XDG_CACHE_HOME or HOME")
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
		cache: cache, id: id, arch: runtime.GOARCH,
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
		Dir: cache, Temp: l.path("tmp"), HostArch: l.arch,
		Archives: archives, Date: imageDate, Through: front.Through("unix", l.intake()),
	}
	return l, nil
}

// path is a path in the cache folder.
func (l *Lab) path(parts ...string) string {
	return filepath.Join(append([]string{l.cache}, parts...)...)
}

// Hosts are the endpoints of the lab's engines, for DOCKER_HOST, by the image
// store that each has.
func (l *Lab) Hosts() map[string]string {
	hosts := map[string]string{}
	for _, e := range engines {
		hosts[e.store] = l.host(e)
	}
	return hosts
}

// settings are the choices that a lab makes once and keeps, because names of
// images and networks carry them.
type settings struct {
	// Port of the registry on 127.0.0.1.
	Port int `json:"port"`
	// Nets are the numbers of the engines' /20s within 198.18.0.0/15, by
	// image store.
	Nets map[string]int `json:"nets"`
	// CLI is the folder of a docker command that the lab brought along.
	CLI string `json:"cli,omitempty"`
}

func readSettings(data []byte) (settings, error) {
	s := settings{}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &s); err != nil {
			return s, err
		}
	}
	if s.Nets == nil {
		s.Nets = map[string]int{}
	}
	return s, nil
}

func (l *Lab) settings() (settings, error) {
	data, err := os.ReadFile(l.path("lab.json"))
	s, broken := readSettings(data)
	if err == nil && broken != nil {
		err = fmt.Errorf("%s: %w", l.path("lab.json"), broken)
	}
	return s, err
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
	before, err := json.Marshal(s)
	if err != nil {
		return err
	}
	fn(&s)
	after, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if bytes.Equal(before, after) && exists(l.path("lab.json")) {
		return nil
	}
	return atomicwriter.WriteFile(l.path("lab.json"), after, 0o644)
}

func (l *Lab) mirror() (string, error) {
	s, err := l.settings()
	if errors.Is(err, os.ErrNotExist) || err == nil && s.Port == 0 {
		return "", problem("finding the lab's registry", "the lab was never up", "run `builders lab up`")
	}
	return fmt.Sprintf("127.0.0.1:%d", s.Port), err
}

// Env are the variables that lead docker, buildx and the specs to this lab, and
// docker to the engine with an image store; nothing asks for the default one.
// They are complete once the lab has been up.
func (l *Lab) Env(store string) (map[string]string, error) {
	e, err := engineWith(store)
	if err != nil {
		return nil, err
	}
	env := map[string]string{
		"DOCKER_HOST":   l.host(e),
		"DOCKER_CONFIG": l.path("docker-config"),
		"BUILDERS_LAB":  l.cache,
		"BUILDERS_DIVE": l.diveFolder(),
	}
	if mirror, err := l.mirror(); err == nil {
		env["BUILDERS_MIRROR"] = mirror
		env["BUILDERS_MIRROR_INTAKE"] = l.intake()
	}
	if s, err := l.settings(); err == nil && s.CLI != "" {
		env["PATH"] = s.CLI + string(os.PathListSeparator) + os.Getenv("PATH")
	}
	for name, value := range map[string]map[string]string{
		"BUILDERS_ENGINES": l.Hosts(), "BUILDERS_STANDINS": l.standIns(),
	} {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		env[name] = string(text)
	}
	return env, nil
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

// Running are the endpoints of those engines that answer.
func (l *Lab) Running(ctx context.Context) []string {
	var hosts []string
	for _, e := range engines {
		if ping(ctx, l.host(e)) == nil {
			hosts = append(hosts, l.host(e))
		}
	}
	return hosts
}

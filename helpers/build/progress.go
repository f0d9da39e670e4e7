package build

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Progress is what BuildKit reported of one build.
type Progress struct {
	// Vertices are the steps in the order in which they were first reported.
	Vertices []Vertex
	// Warnings are the short texts of BuildKit's warnings.
	Warnings []string
}

// Vertex is one step of a build.
type Vertex struct {
	// Digest identifies the step within the build.
	Digest string
	// Name is what progress displays show, such as "[2/3] RUN make".
	Name string
	// Inputs are the digests of the steps it builds on.
	Inputs []string
	// Cached tells that the result came from the cache.
	Cached bool
	// Started and Completed are nil until the step did.
	Started, Completed *time.Time
	// Error is why it failed, or empty.
	Error string
	// Log is what it printed on both streams.
	Log string
	// Sent is how many bytes of a build context were transferred: the content
	// of files, and some bytes for each file's name, mode and time (28 for a
	// short name), which are sent even if the content is not.
	Sent int64
}

// Executed tells that the step really ran: it has begun, ended well, and was
// not answered by the cache.
func (v Vertex) Executed() bool {
	return v.Started != nil && v.Completed != nil && !v.Cached && v.Error == ""
}

// Executing tells that the step has begun and not ended, as far as was
// reported. BuildKit looks at some steps before it executes them, and reports
// that as a beginning and an end, too.
func (v Vertex) Executing() bool {
	begun := v.Started != nil && (v.Completed == nil || v.Started.After(*v.Completed))
	return begun && !v.Cached && v.Error == ""
}

// Canceled tells that the step ended because another one failed.
func (v Vertex) Canceled() bool { return strings.Contains(v.Error, "context canceled") }

// Overlaps tells whether two steps ran at the same time.
func (v Vertex) Overlaps(other Vertex) bool {
	if v.Started == nil || v.Completed == nil || other.Started == nil || other.Completed == nil {
		return false
	}
	return v.Started.Before(*other.Completed) && other.Started.Before(*v.Completed)
}

// Find returns the first step whose name contains the text.
func (p Progress) Find(text string) (Vertex, bool) {
	i := slices.IndexFunc(p.Vertices, func(v Vertex) bool { return strings.Contains(v.Name, text) })
	if i < 0 {
		return Vertex{}, false
	}
	return p.Vertices[i], true
}

// Has tells whether a step whose name contains the text took part in the
// build, cached or not.
func (p Progress) Has(text string) bool {
	_, found := p.Find(text)
	return found
}

// All returns every step whose name contains the text.
func (p Progress) All(text string) []Vertex {
	var found []Vertex
	for _, v := range p.Vertices {
		if strings.Contains(v.Name, text) {
			found = append(found, v)
		}
	}
	return found
}

// Failed returns the steps that failed by themselves, not because another did.
func (p Progress) Failed() []Vertex {
	var failed []Vertex
	for _, v := range p.Vertices {
		if v.Error != "" && !v.Canceled() {
			failed = append(failed, v)
		}
	}
	return failed
}

// Sent is how many bytes were transferred in all: of every build context, of
// the Dockerfile and of ignore files.
func (p Progress) Sent() int64 {
	var sum int64
	for _, v := range p.Vertices {
		sum += v.Sent
	}
	return sum
}

func (p Progress) names() []string {
	names := make([]string, 0, len(p.Vertices))
	for _, v := range p.Vertices {
		names = append(names, v.Name)
	}
	return names
}

var metadataStep = regexp.MustCompile(`(?:load metadata|resolve image config) for (?:docker-image://)?(?:docker\.io/(?:library/)?)?(\S+)$`)

// images are the images that the build looked up, in familiar form: its base
// images and its frontend.
func (p Progress) images() []string {
	var images []string
	for _, v := range p.Vertices {
		if image := v.LooksUp(); image != "" {
			images = append(images, image)
		}
	}
	return images
}

// LooksUp is the image that the step looks up, a base image or the frontend, in
// familiar form; it is empty if the step does something else.
func (v Vertex) LooksUp() string {
	if match := metadataStep.FindStringSubmatch(v.Name); match != nil {
		return match[1]
	}
	return ""
}

// event is one line of rawjson progress.
type event struct {
	Vertexes []struct {
		Digest    string     `json:"digest"`
		Inputs    []string   `json:"inputs"`
		Name      string     `json:"name"`
		Started   *time.Time `json:"started"`
		Completed *time.Time `json:"completed"`
		Cached    bool       `json:"cached"`
		Error     string     `json:"error"`
	} `json:"vertexes"`
	Statuses []struct {
		Vertex  string `json:"vertex"`
		ID      string `json:"id"`
		Name    string `json:"name"`
		Current int64  `json:"current"`
	} `json:"statuses"`
	Logs []struct {
		Vertex string `json:"vertex"`
		Data   []byte `json:"data"`
	} `json:"logs"`
	Warnings []struct {
		Short []byte `json:"short"`
	} `json:"warnings"`
}

// Parse reads rawjson progress. Lines that are not JSON objects, which buildx
// prints on the same stream, are passed over.
func Parse(r io.Reader) (Progress, error) {
	p := parser{index: map[string]int{}, sent: map[string]int64{}}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			p.line(line)
		}
		if err == io.EOF {
			return p.result(), nil
		}
		if err != nil {
			return Progress{}, fmt.Errorf("read progress: %w", err)
		}
	}
}

type parser struct {
	progress Progress
	index    map[string]int
	// sent holds, per step and status, the highest count that was reported:
	// counts only grow, and reports may come in any order.
	sent map[string]int64
}

func (p *parser) line(line []byte) {
	if !bytes.HasPrefix(bytes.TrimSpace(line), []byte("{")) {
		return
	}
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		return
	}
	for _, v := range e.Vertexes {
		into := p.vertex(v.Digest)
		into.Name, into.Inputs = v.Name, v.Inputs
		into.Cached = into.Cached || v.Cached
		into.Started = later(into.Started, v.Started)
		into.Completed = later(into.Completed, v.Completed)
		if v.Error != "" {
			into.Error = v.Error
		}
	}
	for _, s := range e.Statuses {
		if name := s.Name + s.ID; strings.Contains(name, "transferring") {
			key := s.Vertex + " " + s.ID
			p.sent[key] = max(p.sent[key], s.Current)
		}
	}
	for _, l := range e.Logs {
		p.vertex(l.Vertex).Log += string(l.Data)
	}
	for _, w := range e.Warnings {
		p.progress.Warnings = append(p.progress.Warnings, string(w.Short))
	}
}

// vertex finds a step by digest or adds it.
func (p *parser) vertex(digest string) *Vertex {
	i, known := p.index[digest]
	if !known {
		i = len(p.progress.Vertices)
		p.index[digest] = i
		p.progress.Vertices = append(p.progress.Vertices, Vertex{Digest: digest})
	}
	return &p.progress.Vertices[i]
}

func (p *parser) result() Progress {
	for key, bytes := range p.sent {
		digest, _, _ := strings.Cut(key, " ")
		if i, known := p.index[digest]; known {
			p.progress.Vertices[i].Sent += bytes
		}
	}
	return p.progress
}

// later keeps the newer of two reports of a time; a step that several builds
// share is reported more than once.
func later(have, reported *time.Time) *time.Time {
	if reported == nil || have != nil && have.After(*reported) {
		return have
	}
	return reported
}

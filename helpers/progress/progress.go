// Package progress reads what BuildKit reports about a running build: its steps, which
// came from the cache, their output and what was sent.
package progress

import (
	"regexp"
	"strings"
	"time"
)

// Progress is what BuildKit reported about one build.
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
	// Cached reports whether the result came from the cache.
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

	// ran reports whether the step did its work and succeeded.
	ran bool
	// Sending says that the end of some transfer was not reported.
	Sending bool
}

// Told reports whether the progress followed the step to its end: the cache answered
// it, or it ended on its own, successfully or not. Otherwise nothing is known about
// the step: when the progress ends, BuildKit calls those steps canceled that it
// believes are still running.
func (v Vertex) Told() bool {
	return v.Cached || v.ran || v.ended() && !v.Canceled()
}

func (v Vertex) ended() bool {
	return v.Started != nil && v.Completed != nil && !v.Started.After(*v.Completed)
}

// Executed reports whether the step really ran: it began, succeeded, and was not
// answered by the cache.
func (v Vertex) Executed() bool {
	return v.ran || v.ended() && !v.Cached && v.Error == ""
}

// Executing reports whether the step has begun and not ended, as far as was
// reported. BuildKit looks at some steps before it executes them, and reports
// that as a beginning and an end, too.
func (v Vertex) Executing() bool {
	begun := v.Started != nil && (v.Completed == nil || v.Started.After(*v.Completed))
	return begun && !v.Cached && v.Error == ""
}

// Canceled reports whether the step reportedly ended because another one failed.
func (v Vertex) Canceled() bool { return canceled(v.Error) }

func canceled(why string) bool { return strings.Contains(why, "context canceled") }

// Overlaps reports whether two steps ran at the same time.
func (v Vertex) Overlaps(other Vertex) bool {
	if v.Started == nil || v.Completed == nil || other.Started == nil || other.Completed == nil {
		return false
	}
	return v.Started.Before(*other.Completed) && other.Started.Before(*v.Completed)
}

// Find returns the first step whose name contains the text.
func (p Progress) Find(text string) (Vertex, bool) {
	found := p.All(text)
	if len(found) == 0 {
		return Vertex{}, false
	}
	return found[0], true
}

// Has reports whether a step whose name contains the text took part in the
// build, cached or not.
func (p Progress) Has(text string) bool {
	_, found := p.Find(text)
	return found
}

// All returns every step whose name contains the text. A step that two builds run
// at once has the digest that the other build gave it; the one that this build
// gave it has nothing but its name, and is left out.
func (p Progress) All(text string) []Vertex {
	begun := map[string]bool{}
	for _, v := range p.Vertices {
		begun[v.Name] = begun[v.Name] || v.Started != nil
	}
	var found []Vertex
	for _, v := range p.Vertices {
		if strings.Contains(v.Name, text) && (v.Started != nil || !begun[v.Name]) {
			found = append(found, v)
		}
	}
	return found
}

// Failed returns the steps that failed on their own, not because another one did.
func (p Progress) Failed() []Vertex {
	var failed []Vertex
	for _, v := range p.Vertices {
		if v.Error != "" && !v.Canceled() {
			failed = append(failed, v)
		}
	}
	return failed
}

// Names returns the names of all steps, in the order of the progress.
func (p Progress) Names() []string {
	names := make([]string, 0, len(p.Vertices))
	for _, v := range p.Vertices {
		names = append(names, v.Name)
	}
	return names
}

var metadataStep = regexp.MustCompile(`(?:load metadata|resolve image config) for (?:docker-image://)?(?:docker\.io/(?:library/)?)?(\S+)$`)

// Images returns the images that the build looked up, in familiar form: its base
// images and its frontend.
func (p Progress) Images() []string {
	var images []string
	for _, v := range p.Vertices {
		if image := v.LooksUp(); image != "" {
			images = append(images, image)
		}
	}
	return images
}

// LooksUp returns the image that the step looks up, a base image or the frontend,
// in familiar form; it is empty if the step does something else.
func (v Vertex) LooksUp() string {
	if match := metadataStep.FindStringSubmatch(v.Name); match != nil {
		return match[1]
	}
	return ""
}

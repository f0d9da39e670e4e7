package progress

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// event is one line of rawjson progress.
type event struct {
	Vertexes []report `json:"vertexes"`
	Statuses []struct {
		Vertex    string     `json:"vertex"`
		ID        string     `json:"id"`
		Current   int64      `json:"current"`
		Completed *time.Time `json:"completed"`
	} `json:"statuses"`
	Logs []struct {
		Vertex string `json:"vertex"`
		Data   []byte `json:"data"`
	} `json:"logs"`
	Warnings []struct {
		Short []byte `json:"short"`
	} `json:"warnings"`
}

// report is what one line says about a step.
type report struct {
	Digest    string     `json:"digest"`
	Inputs    []string   `json:"inputs"`
	Name      string     `json:"name"`
	Started   *time.Time `json:"started"`
	Completed *time.Time `json:"completed"`
	Cached    bool       `json:"cached"`
	Error     string     `json:"error"`
}

// Parse reads rawjson progress. It skips lines that are not JSON objects, which
// buildx prints on the same stream, and a line that was cut off.
func Parse(r io.Reader) (Progress, error) {
	p := parser{index: map[string]int{}, transfers: map[transfer]sent{}}
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
	progress  Progress
	index     map[string]int
	transfers map[transfer]sent
}

// transfer identifies a transfer of a step.
type transfer struct{ vertex, id string }

// sent is how far a transfer got. Counts only grow, and reports may come in any
// order.
type sent struct {
	bytes int64
	whole bool
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
		p.vertex(v.Digest).learn(v)
	}
	for _, s := range e.Statuses {
		// What an exporter sends back has the same name but another id.
		if strings.HasPrefix(s.ID, "transferring ") {
			key := transfer{vertex: s.Vertex, id: s.ID}
			had := p.transfers[key]
			p.transfers[key] = sent{bytes: max(had.bytes, s.Current), whole: had.whole || s.Completed != nil}
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
	for key, sent := range p.transfers {
		i, known := p.index[key.vertex]
		if !known {
			continue
		}
		v := &p.progress.Vertices[i]
		v.Sent += sent.bytes
		v.Sending = v.Sending || !sent.whole
	}
	p.forgetGuesses()
	return p.progress
}

// forgetGuesses takes back what BuildKit guessed. When a step begins, BuildKit
// reports everything that the step builds on, and that it has not reported the end
// of, as cached as of that moment. That is true if the cache answers the step
// itself. If the step is executed, what it builds on was done for another build, or
// reported under another digest: whether it was executed there is unknown.
func (p *parser) forgetGuesses() {
	var forget func(i int)
	forget = func(i int) {
		v := &p.progress.Vertices[i]
		since := v.Started
		if v.guessed() {
			v.Cached, v.Started, v.Completed = false, nil, nil
		}
		for _, input := range v.Inputs {
			on, known := p.index[input]
			if known && p.progress.Vertices[on].guessedAt(since) {
				forget(on)
			}
		}
	}
	for i, v := range p.progress.Vertices {
		if !v.Cached && v.Started != nil {
			forget(i)
		}
	}
}

// guessed reports whether all that BuildKit knew about the step is that another one
// needs it: then the moment at which the other one began is reported as both its
// beginning and its end.
func (v *Vertex) guessed() bool {
	return v.Cached && v.Started != nil && v.Completed != nil && v.Started.Equal(*v.Completed)
}

func (v *Vertex) guessedAt(since *time.Time) bool {
	return v.guessed() && since != nil && v.Started.Equal(*since)
}

// learn adds to what is known about a step. The same step is reported many times,
// by each of the builds that share it, and may begin more than once: its latest
// end counts, except that a cancellation does not hide another end.
func (v *Vertex) learn(r report) {
	v.Name = r.Name
	if len(r.Inputs) > 0 {
		v.Inputs = r.Inputs
	}
	v.ran = v.ran || r.ran()
	v.Cached = !v.ran && (v.Cached || r.Cached)
	v.Started = later(v.Started, r.Started)
	ended := r.Completed != nil && (v.Completed == nil || !v.Completed.After(*r.Completed))
	if ended {
		v.Completed = r.Completed
	}
	if (ended || r.Error != "") && (v.Error == "" || !canceled(r.Error)) {
		v.Error = r.Error
	}
}

// ran reports whether a step did its work. For steps that build on nothing, and
// for what is fetched for steps that were cached, BuildKit reports the same if it
// only looks.
func (r report) ran() bool {
	return len(r.Inputs) > 0 && r.Started != nil && r.Completed != nil && !r.Cached && r.Error == ""
}

// later returns the newer of two reports of a time.
func later(have, reported *time.Time) *time.Time {
	if reported == nil || have != nil && have.After(*reported) {
		return have
	}
	return reported
}

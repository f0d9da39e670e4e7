package script

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/txtar"
)

// fixedNames is what scripts share that give images on the engine names that stand in
// their files, such as in a bake file.
const fixedNames = "fixed names of images"

// takesTurns returns the word for scripts that are proven one after the other, or empty:
// those that let bake, compose, or a build with a tag that stands there, put an image
// on the engine. Two at a time would run each other's images.
func takesTurns(source []byte) string {
	for line := range strings.Lines(string(txtar.Parse(source).Comment)) {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if givesFixed(words) {
			return fixedNames
		}
	}
	return ""
}

// nameless matches an output of bake that gives no image a name.
var nameless = regexp.MustCompile(`\.output=type=(cacheonly|local|tar|oci)\b`)

func givesFixed(words []string) bool {
	for _, name := range namesInFlags(words) {
		if name != "" && !strings.Contains(name, "$") {
			return true
		}
	}
	if slices.Contains(words, "compose") {
		return true
	}
	plan := slices.ContainsFunc(words, func(word string) bool {
		return slices.Contains([]string{"--print", "-print", "--list", "--check", "--call"}, strings.SplitN(word, "=", 2)[0])
	})
	own := slices.ContainsFunc(words, func(word string) bool {
		return strings.Contains(word, ".tags=") || nameless.MatchString(word)
	})
	return slices.Contains(words, "bake") && !plan && !own
}

// turns keep scripts of a run that give the same names to images apart: the second one
// waits until the first has ended. What is known from a script's text is sorted out
// before ([takesTurns]); this is for names that only the engine sees.
type turns struct {
	mu sync.Mutex
	// by are the scripts that hold names, waiting the names that scripts wait for.
	by      map[string]*imageNames
	waiting map[*imageNames]string
	// changed is closed when names become free.
	changed chan struct{}
}

func newTurns() (*turns, error) {
	return &turns{by: map[string]*imageNames{}, waiting: map[*imageNames]string{}, changed: make(chan struct{})}, nil
}

// take waits until no other script holds a name. Its error says which one does.
func (t *turns) take(ctx context.Context, n *imageNames, ref string) error {
	for {
		free, changed, err := t.try(n, ref)
		if free || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("the name %s was waited for: %s gives it to an image, too; give this script a longer deadline, or its images a name of their own (`image APP`)", ref, t.holder(ref))
		}
	}
}

func (t *turns) holder(ref string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if other := t.by[ref]; other != nil {
		return other.t.Claim.ID
	}
	return "another script"
}

func (t *turns) try(n *imageNames, ref string) (free bool, changed <-chan struct{}, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.waiting, n)
	other := t.by[ref]
	if other == nil || other == n {
		t.by[ref] = n
		return true, nil, nil
	}
	for next := other; next != nil; next = t.by[t.waiting[next]] {
		if next == n {
			return false, nil, fmt.Errorf("the name %s belongs to %s, which waits for a name of this script; give the images of one of them names of their own (`image APP`)", ref, other.t.Claim.ID)
		}
	}
	t.waiting[n] = ref
	return false, t.changed, nil
}

// end makes a script's names free.
func (t *turns) end(n *imageNames) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for ref, by := range t.by {
		if by == n {
			delete(t.by, ref)
		}
	}
	close(t.changed)
	t.changed = make(chan struct{})
}

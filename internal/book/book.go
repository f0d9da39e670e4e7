// Package book is a suite's claims, as its compiled test binary lists them, and the
// selection of them.
package book

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/internal/text/sanitize"
)

// Regressions is the chapter of faults in past releases.
const Regressions = "regressions"

// Book is what can be chosen from.
type Book struct {
	// Binary is the compiled tests, which prove the claims.
	Binary string
	// Test2json is the program that converts what they print.
	Test2json string
	// Claims are in the order in which they are proven.
	Claims []claim.Listed
}

// Open compiles the tests of the module in dir and asks them for their claims. If
// specs is not empty, it is the absolute folder of a user's own scripts, and
// those are the book. What the compiler says goes to stderr.
func Open(ctx context.Context, dir, specs string, stderr io.Writer) (Book, error) {
	binary, err := programOf(dir)
	if err != nil {
		return Book{}, err
	}
	test2json, err := ensure(ctx, dir, binary, stderr)
	if err != nil {
		return Book{}, err
	}
	all, err := list(ctx, dir, specs, binary)
	if err != nil {
		return Book{}, err
	}
	return Book{Binary: binary, Test2json: test2json, Claims: slices.DeleteFunc(all, func(c claim.Listed) bool {
		return specs != "" && function(c) != "TestSpecs"
	})}, nil
}

// programOf returns where the compiled tests of a module are: in its build folder, or in the
// user's cache if the checkout is someone else's.
func programOf(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	build := filepath.Join(dir, "build")
	if writable(build) {
		return filepath.Join(build, "specs.test"), nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%s cannot be written, and there is no other place for the compiled specs: %w", build, err)
	}
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(cache, "builders", "specs-"+hex.EncodeToString(sum[:6]), "specs.test"), nil
}

// writable reports whether files can be made in a folder, which is made if it is not there.
func writable(dir string) bool {
	if os.MkdirAll(dir, 0o755) != nil {
		return false
	}
	probe, err := os.CreateTemp(dir, ".probe-")
	if err != nil {
		return false
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name())) == nil
}

// ensure compiles the tests unless they are up to date.
func ensure(ctx context.Context, dir, binary string, stderr io.Writer) (test2json string, err error) {
	from := sources(dir)
	if c, ok := upToDate(binary, from); ok {
		return c.Test2json, nil
	}
	if err := compile(ctx, dir, binary, stderr); err != nil {
		return "", err
	}
	if test2json, err = Test2json(ctx); err == nil {
		note(binary, from, test2json)
	}
	return test2json, err
}

// compile is quick if little has changed.
func compile(ctx context.Context, dir, binary string, stderr io.Writer) error {
	if err := os.MkdirAll(filepath.Dir(binary), 0o755); err != nil {
		return fmt.Errorf("make a folder for the compiled specs: %w", err)
	}
	command := exec.CommandContext(ctx, "go", "test", "-c", "-tags", "integration", "-o", binary, ".")
	command.Dir = dir
	said, err := command.CombinedOutput()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errors.New("interrupted")
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("no go command on PATH to compile the specs; install Go")
	case !bytes.HasPrefix(said, []byte("#")):
		return fmt.Errorf("go cannot compile the specs: %s", sanitize.Line(string(said)))
	}
	for line := range strings.Lines(string(said)) {
		fmt.Fprintln(stderr, sanitize.Line(line))
	}
	return errors.New("the specs do not compile; the lines above say why")
}

func list(ctx context.Context, dir, specs, binary string) ([]claim.Listed, error) {
	folder, err := os.MkdirTemp("", "claims")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "claims.json")
	command := exec.CommandContext(ctx, binary)
	command.Dir = dir
	command.Env = append(os.Environ(), claim.ListVariable+"="+file, "SPECS="+specs)
	if out, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the specs do not list their claims: %w: %s", err, sanitize.Line(string(out)))
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the specs list no claims: %w; TestMain must call suite.Main", err)
	}
	var found claim.List
	if err := sanitize.Unmarshal(content, &found); err != nil {
		return nil, fmt.Errorf("cannot read the specs' list of claims: %w", err)
	}
	switch {
	case len(found.Mistakes) > 0 && specs != "":
		return nil, fmt.Errorf("SPECS=%s: %s", specs, found.Mistakes[0])
	case len(found.Mistakes) > 0:
		return nil, errors.New(found.Mistakes[0])
	}
	return found.Claims, nil
}

// Digest identifies a book by what it says: it changes when a claim comes, goes,
// or says something else, and when a script changes.
func (b Book) Digest() string {
	sorted := slices.SortedFunc(slices.Values(b.Claims), func(x, y claim.Listed) int { return strings.Compare(x.ID, y.ID) })
	hash := sha256.New()
	for _, c := range sorted {
		fmt.Fprintf(hash, "%s\n%s\n%s\n%s\n", c.ID, c.Text, strings.Join(c.Words(), " "), c.Digest)
	}
	return hex.EncodeToString(hash.Sum(nil))[:12]
}

// Proofs identifies the compiled tests: it changes whenever what proves the claims
// does. It is empty if they cannot be read.
func (b Book) Proofs() string {
	binary, err := os.Open(b.Binary)
	if err != nil {
		return ""
	}
	defer binary.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, binary); err != nil {
		return ""
	}
	return hex.EncodeToString(hash.Sum(nil))[:12]
}

// WithoutRegressions returns the book without the faults of past releases.
func (b Book) WithoutRegressions() Book {
	b.Claims = slices.DeleteFunc(slices.Clone(b.Claims), func(c claim.Listed) bool { return c.Chapter() == Regressions })
	return b
}

// IDs returns the ids of all claims.
func (b Book) IDs() []string {
	var ids []string
	for _, c := range b.Claims {
		ids = append(ids, c.ID)
	}
	return ids
}

// function returns the name of the test function that a claim is proven in.
func function(c claim.Listed) string {
	name, _, _ := strings.Cut(c.Test, "/")
	return name
}

// Needs reports whether a claim of the book needs a capability.
func (b Book) Needs(need claim.Need) bool {
	return slices.ContainsFunc(b.Claims, func(c claim.Listed) bool { return slices.Contains(c.Claim.Words(), need.Word()) })
}

package licenses

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

const root = "../.."

// -update writes the page.
func TestThePageIsUpToDateAndEveryLicenceAgreedTo(t *testing.T) {
	modules, err := Modules(t.Context(), root)
	assert.NilError(t, err)
	for _, m := range modules {
		assert.Check(t, len(m.Refused()) == 0, "%s is under %s, which is not approved", m.Path, strings.Join(m.Refused(), " and "))
	}
	golden.Assert(t, Markdown(modules), "../../../docs/third-party.md", "make licenses writes it")
}

// ours returns a text that is certainly a license.
func ours(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(root + "/LICENSE")
	assert.NilError(t, err)
	return string(text)
}

func TestOf(t *testing.T) {
	apache := ours(t)
	const isc = `Copyright (c) 2026, The Authors

Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
`
	for name, tc := range map[string]struct {
		files map[string]string
		want  string
		err   string
	}{
		"one":            {files: map[string]string{"LICENSE": apache, "license.go": "package license"}, want: "Apache-2.0"},
		"spelt with a c": {files: map[string]string{"LICENCE.md": isc}, want: "ISC"},
		"two, sorted":    {files: map[string]string{"COPYING": isc, "LICENSE-APACHE.txt": apache, "LICENSE": apache}, want: "Apache-2.0 ISC"},
		"of the docs":    {files: map[string]string{"LICENSE": isc, "LICENSE.docs": "Pay for each reading."}, want: "ISC"},
		"of a part":      {files: map[string]string{"LICENSE": isc, "licenses/other": "Pay for each use."}, want: "ISC"},
		"none":           {files: map[string]string{"README": apache}, err: "there is no file with a license"},
		"unknown":        {files: map[string]string{"LICENSE": "Pay for each use."}, err: "LICENSE is not the text of a known license"},
		"with a rider":   {files: map[string]string{"LICENSE": isc + strings.Repeat("Pay for each use, or do not. ", 40)}, err: "LICENSE is not the text of a known license"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := fstest.MapFS{}
			for name, text := range tc.files {
				folder[name] = &fstest.MapFile{Data: []byte(text)}
			}
			found, err := Of(folder)
			if tc.err != "" {
				assert.ErrorContains(t, err, tc.err)
				return
			}
			assert.NilError(t, err)
			assert.Equal(t, strings.Join(found, " "), tc.want)
		})
	}
}

func TestRefused(t *testing.T) {
	assert.DeepEqual(t, Module{Licenses: []string{"AGPL-3.0", "MIT"}}.Refused(), []string{"AGPL-3.0"})
}

package scaffold

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"builders.test/helpers/script"
)

// target is one thing that a project builds.
type target struct {
	name string
	// file is the Dockerfile, bake file or compose file.
	file string
	// bake is the target's name there, and kind what such files call it; empty for a Dockerfile.
	bake, kind string
	planned    planned
	service    service
	recipe     recipe
	// context is the folder that is built, for bake the file's. guessed says that it may
	// be another one, and fetched is what it is if it is no folder.
	context string
	guessed bool
	fetched string
	// platforms are those that it is built for.
	platforms []string
}

// emulated are the platforms that scripts can ask for; what runs on others is nobody's here.
var emulated = []string{"linux/amd64", "linux/arm64"}

// buildable splits the platforms into those that can be built where these scripts run,
// and the others.
func (t target) buildable() (can, not []string) {
	for _, platform := range t.platforms {
		if !t.recipe.emulated || slices.Contains(emulated, strings.TrimSuffix(platform, "/v8")) {
			can = append(can, platform)
		} else {
			not = append(not, platform)
		}
	}
	return can, not
}

// loadable reports whether the image can be put on the engine: it is for Linux.
func (t target) loadable() bool {
	return len(t.platforms) == 0 || slices.Contains(t.platforms, "linux/amd64") && slices.Contains(t.platforms, "linux/arm64")
}

// shape is what is made of the result.
type shape int

const (
	built    shape = iota // it is only built
	exported              // its files are looked at
	program               // its configuration is
	server                // it is started and asked
)

func (t target) shape() shape {
	switch {
	case t.fetched != "":
		return built
	case t.recipe.bare && !t.recipe.starts:
		return exported
	case !t.loadable():
		return built
	case len(t.recipe.ports) > 0 && (t.recipe.starts || t.kind == "service"):
		return server
	}
	return program
}

// script returns the script's text; specs is the folder that it is for.
func (t target) script(specs string) (string, error) {
	w := writer{}
	file, err := fromHere(specs, t.file)
	if err != nil {
		return "", err
	}
	context, err := fromHere(specs, t.context)
	if err != nil {
		return "", err
	}
	can, not := t.buildable()
	w.line("# claim: %s", t.sentence(can))
	w.line("# source: %s", strings.TrimPrefix(file, "$HERE/"))
	w.line("# needs: %s", strings.Join(t.needs(can), " "))
	w.line("# deadline: 10m")
	t.questions(&w, not)
	w.line("")
	line := command{"build", "-f", file, context}
	if t.bake != "" {
		w.line("cd %s", context)
		line = t.bakeLine()
	}
	t.builds(&w, line, can)
	switch t.shape() {
	case exported:
		t.exports(&w, line)
	case program:
		t.loads(&w, line)
		w.line("config $IMAGE")
		w.line("json '.config | .Entrypoint // .Cmd // .Env'")
		w.line("# What does it do, and what does it print? A program that ends by itself is run:")
		w.line("# run $IMAGE --version")
		w.line("# stdout 'what I rely on'")
	case server:
		t.serves(&w, line)
	}
	return w.String(), nil
}

// sentence is the claim.
func (t target) sentence(can []string) string {
	what := t.name
	if t.kind != "" {
		what = "The " + t.kind + " " + t.name
	}
	parts := []string{"builds"}
	if len(can) > 0 {
		parts[0] += " for " + and(can)
	}
	if t.cached() {
		parts = append(parts, "is cached the second time")
	}
	switch t.shape() {
	case exported:
		parts = append(parts, t.exported())
	case server:
		parts = append(parts, "listens on port "+t.recipe.ports[0])
	}
	return what + " " + and(parts)
}

// exported is what is said about the files of an image.
func (t target) exported() string {
	if len(t.recipe.files) == 0 {
		return "can be exported"
	}
	return "has its files"
}

// needs are the words without which the script makes no sense.
func (t target) needs(can []string) []string {
	var words []string
	for _, word := range []string{"amd64", "arm64"} {
		if len(can) > 0 && t.recipe.emulated && slices.ContainsFunc(can, func(p string) bool { return strings.HasPrefix(p, "linux/"+word) }) {
			words = append(words, word)
		}
	}
	if t.shape() == server {
		words = append(words, "local-engine")
	}
	if len(words) == 0 {
		words = append(words, "own-buildkit")
	}
	return words
}

// questions are what the project does not say.
func (t target) questions(w *writer, not []string) {
	if t.guessed {
		w.line("")
		w.line("# %s", t.aboutContext())
	}
	for _, arg := range t.recipe.asks {
		w.line("")
		w.line("# A FROM needs the argument %s, which has no value here. Which one? Add --build-arg %s=… to each build.", arg, arg)
	}
	if len(not) > 0 {
		w.line("")
		w.line("# It is also built for %s, which executes programs that few machines can. Has yours the emulation?", and(not))
	}
	if len(t.planned.Secret) > 0 || len(t.planned.SSH) > 0 {
		w.line("")
		w.line("# It takes secrets or an ssh agent. Where from? `secret NAME` makes one for this script, `ssh` an agent.")
	}
	if t.fetched != "" {
		w.line("")
		w.line("# Its context is %s: is that reachable wherever this runs?", t.fetched)
	}
}

// aboutContext asks about a context that nothing names.
func (t target) aboutContext() string {
	for _, source := range t.recipe.sources {
		if !has(t.context, []string{source}) {
			return "The Dockerfile takes " + source + ", which is neither here nor above: what makes it? That has to run first."
		}
	}
	return "Is this the right context? Nothing says so, and the Dockerfile takes everything from it."
}

// cached reports whether the second build should come from the cache.
func (t target) cached() bool {
	return t.recipe.runs && !t.planned.NoCache && len(t.planned.NoCacheFor) == 0 && t.fetched == ""
}

func (t target) builds(w *writer, line command, can []string) {
	if len(can) == 0 {
		w.line("# It builds.")
		w.line("%s", t.nowhere(line))
	} else {
		w.line("# It builds for every platform that it is made for.")
	}
	t.planned.forPlatforms(w, line, t.bake)
	for _, platform := range can {
		w.line("%s", t.nowhere(t.on(line, platform)))
	}
	if !t.cached() {
		return
	}
	w.line("")
	w.line("# The second build is answered from the cache: no RUN instruction runs again.")
	if len(can) > 0 {
		line = t.on(line, can[0])
	}
	w.line("%s", t.nowhere(line))
	w.line("! executed 'RUN '")
}

// forPlatforms has the script find out for which platforms the file has a target built:
// the builds name them one by one.
func (p planned) forPlatforms(w *writer, line command, name string) {
	if name == "" || len(p.Platforms) == 0 {
		return
	}
	all := strings.Join(slices.Sorted(slices.Values(p.Platforms)), " ")
	w.line("%s", append(slices.Clone(line), "--print"))
	w.line("json '.target[\"%s\"].platforms | sort | join(\" \")'", name)
	w.line("stdout '^%s$'", regexp.QuoteMeta(all))
}

func (t target) exports(w *writer, line command) {
	w.line("")
	w.line("# Its files, without a container.")
	if t.bake == "" {
		w.line("%s", line.with("-o", "type=local,dest=$WORK/out"))
	} else {
		if can, _ := t.buildable(); len(can) > 1 {
			line = t.on(line, can[0])
		}
		w.line("# Bake asks before it writes outside of the project; here it may.")
		w.line("env BUILDX_BAKE_ENTITLEMENTS_FS=0")
		w.line("%s", line.set(t.bake, "output=type=local,dest=$WORK/out"))
	}
	names := slices.Clone(t.recipe.files)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		w.line("exists %s", "$WORK/out/"+quoted(name))
	}
	if len(names) == 0 {
		w.line("# Which files should there be?")
		w.line("# exists $WORK/out/…")
	}
}

func (t target) loads(w *writer, line command) {
	w.line("")
	w.line("image IMAGE")
	if t.bake == "" {
		w.line("%s", line.with("--load", "-t", "$IMAGE"))
		return
	}
	if len(t.platforms) > 0 {
		line = t.on(line, "linux/$ARCH")
	}
	w.line("%s", line.set(t.bake, "tags=$IMAGE").set(t.bake, "output=type=docker"))
}

func (t target) serves(w *writer, line command) {
	if len(t.service.needs) > 0 || t.service.command {
		t.composes(w)
		return
	}
	t.loads(w, line)
	w.line("")
	start := command{"run", "-d=" + script.Slug(t.name)}
	for _, kv := range t.service.env {
		start = append(start, "-env="+quoted(kv))
	}
	for _, port := range t.service.ports {
		start = append(start, "-port="+port)
	}
	w.line("%s", append(start, "$IMAGE"))
	asks(w, script.Slug(t.name), t.recipe.ports[0])
}

// composes starts a service with all that the compose file gives it.
func (t target) composes(w *writer) {
	w.line("")
	w.line("# Compose starts it with what it needs: %s.", and(append(slices.Clone(t.service.needs), "its own settings")))
	w.line("compose -f %s up -d --build %s", quoted(filepath.Base(t.file)), t.name)
	asks(w, t.name, t.recipe.ports[0])
	w.line("compose -f %s down", quoted(filepath.Base(t.file)))
}

func asks(w *writer, service, port string) {
	w.line("ask tcp://%s:%s", service, port)
	w.line("# What do you rely on? If it speaks HTTP:")
	w.line("# ask http://%s:%s/", service, port)
	w.line("# stdout 'what I rely on'")
}

// bakeLine is bake for the target, without what would leave the builder: caches elsewhere.
func (t target) bakeLine() command {
	line := command{"bake", "-f", quoted(filepath.Base(t.file)), t.bake}
	for _, one := range []struct {
		key  string
		some int
	}{{"cache-to", len(t.planned.CacheTo)}, {"cache-from", len(t.planned.CacheFrom)}} {
		if one.some > 0 {
			line = line.set(t.bake, one.key+"=")
		}
	}
	return line
}

// on is the command for one platform.
func (t target) on(line command, platform string) command {
	if t.bake == "" {
		return line.with("--platform", platform)
	}
	return line.set(t.bake, "platform="+platform)
}

// nowhere is the command with the result in the cache alone.
func (t target) nowhere(line command) command {
	if t.bake == "" {
		return line
	}
	return line.set(t.bake, "output=type=cacheonly")
}

// command is a line of a script. Its last word, for bake its last but flags, is what is built.
type command []string

func (c command) String() string { return strings.Join(c, " ") }

// with adds flags to a build.
func (c command) with(flags ...string) command {
	return slices.Concat(c[:1], flags, c[1:])
}

// set adds a --set to bake, before the target.
func (c command) set(target, assignment string) command {
	last := len(c) - 1
	return slices.Concat(c[:last], []string{"--set", target + "." + assignment}, c[last:])
}

// writer collects lines.
type writer struct{ strings.Builder }

func (w *writer) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

func and(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// quoted makes one word of a text. Between apostrophes a script takes everything literally;
// two of them stand for one.
func quoted(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// fromHere makes one word of a path as seen from the script's folder.
func fromHere(specs, path string) (string, error) {
	seen, err := filepath.Rel(specs, path)
	if err != nil {
		return "", fmt.Errorf("from %s no path leads to %s: %w", specs, path, err)
	}
	return "$HERE/" + quoted(filepath.ToSlash(seen)), nil
}

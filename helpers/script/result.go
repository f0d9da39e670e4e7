package script

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"builders.test/helpers/image/artifact"
	"builders.test/helpers/upstream"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/rogpeppe/go-internal/testscript"
)

// The commands here look at what a build made without running it. IMAGE is an image on the
// engine, a reference in a registry, or the path of an OCI layout (a folder or an archive).

// platforms IMAGE: the platforms that it is for, one per line, in order.
func (r *runner) platforms(ts *testscript.TestScript, not negation, args []string) error {
	return r.tell(ts, not, "platforms", args, func(a artifact.Artifact, _ string) (string, error) {
		all, err := a.Platforms()
		return lines(all), err
	})
}

// digest IMAGE: its digest, which names the same bytes everywhere.
func (r *runner) digest(ts *testscript.TestScript, not negation, args []string) error {
	return r.tell(ts, not, "digest", args, func(a artifact.Artifact, platform string) (string, error) {
		if platform == "" && a.Digest != "" {
			return a.Digest + "\n", nil
		}
		image, err := a.Image(platform)
		if err != nil {
			return "", err
		}
		digest, err := image.Digest()
		return digest.String() + "\n", err
	})
}

// size [-platform=P] IMAGE: the size of its layers as they are stored, in bytes.
func (r *runner) size(ts *testscript.TestScript, not negation, args []string) error {
	return r.ofImage(ts, not, "size", args, func(image v1.Image) (string, error) {
		manifest, err := image.Manifest()
		if err != nil {
			return "", err
		}
		var bytes int64
		for _, layer := range manifest.Layers {
			bytes += layer.Size
		}
		return fmt.Sprintln(bytes), nil
	})
}

// imageConfig is config [-platform=P] IMAGE: its OCI config as JSON, for the command json.
func (r *runner) imageConfig(ts *testscript.TestScript, not negation, args []string) error {
	return r.ofImage(ts, not, "config", args, func(image v1.Image) (string, error) {
		config, err := image.RawConfigFile()
		return string(config) + "\n", err
	})
}

// history [-platform=P] IMAGE: the instructions that made it, one per line.
func (r *runner) history(ts *testscript.TestScript, not negation, args []string) error {
	return r.ofImage(ts, not, "history", args, func(image v1.Image) (string, error) {
		config, err := image.ConfigFile()
		if err != nil {
			return "", err
		}
		var all []string
		for _, step := range config.History {
			all = append(all, strings.ReplaceAll(step.CreatedBy, "\n", " "))
		}
		return lines(all), nil
	})
}

// file [-platform=P] IMAGE PATH: what the image has there. Standard output is the content, or
// the names in a folder; standard error is like ls: mode, uid:gid, and size or target.
func (r *runner) file(ts *testscript.TestScript, not negation, args []string) error {
	if len(args) < 2 {
		return mistake{errors.New("file needs an image and a path, such as `file $APP /etc/passwd`")}
	}
	path := args[len(args)-1]
	return r.ofImage(ts, not, "file", args[:len(args)-1], func(image v1.Image) (string, error) {
		found, err := artifact.FileIn(image, path)
		output(ts, "", found.String()+"\n")
		return found.Content, err
	})
}

// same [-platform=P] IMAGE IMAGE: both are the same bytes; the failure says where they
// begin to differ.
func (r *runner) same(ts *testscript.TestScript, not negation, args []string) error {
	platform, args, err := platformIn("same", args)
	if err != nil {
		return err
	}
	if len(args) != 2 {
		return mistake{errors.New("same needs two images, such as `same $FIRST $SECOND`")}
	}
	a, err := r.seek(ts, args[0])
	if err != nil {
		return err
	}
	b, err := r.seek(ts, args[1])
	if err != nil {
		return err
	}
	where, err := artifact.Difference(a, b, platform)
	switch {
	case err != nil:
		return err
	case where == "" && bool(not):
		return errors.New("they are the same")
	case where != "" && !bool(not):
		return fmt.Errorf("%s and %s are not the same: %s", args[0], args[1], where)
	}
	return nil
}

// describe IMAGE [NAME]: notes facts about it, which `compare` shows when they change: its
// platforms, media types, layers, size and config. With SOURCE_DATE_EPOCH set, its digest is
// one, too.
func (r *runner) describe(ts *testscript.TestScript, _ negation, args []string) error {
	if len(args) < 1 || len(args) > 2 {
		return mistake{errors.New("describe needs an image, such as `describe $REGISTRY/app:1`")}
	}
	found, err := r.seek(ts, args[0])
	if err != nil {
		return fmt.Errorf("describe %s: %w", args[0], err)
	}
	facts, err := found.Facts()
	if err != nil {
		return fmt.Errorf("describe %s: %w", args[0], err)
	}
	if ts.Getenv("SOURCE_DATE_EPOCH") != "" {
		facts = append(facts, [2]string{"digest", found.Digest})
	}
	for _, fact := range facts {
		r.t.Fact(strings.Join(append(args[1:], fact[0]), " "), fact[1])
		output(ts, fact[0]+": "+fact[1]+"\n", "")
	}
	return nil
}

// ofImage is [runner.tell] for what only the image for one platform has.
func (r *runner) ofImage(ts *testscript.TestScript, not negation, command string, args []string, answer func(v1.Image) (string, error)) error {
	return r.tell(ts, not, command, args, func(a artifact.Artifact, platform string) (string, error) {
		image, err := a.Image(platform)
		if err != nil {
			return "", err
		}
		return answer(image)
	})
}

// tell writes what an image answers to standard output. With an exclamation mark it must not
// be there, or not have what is asked for.
func (r *runner) tell(ts *testscript.TestScript, not negation, command string, args []string, answer func(a artifact.Artifact, platform string) (string, error)) error {
	platform, args, err := platformIn(command, args)
	if err != nil {
		return err
	}
	if len(args) != 1 {
		return mistake{fmt.Errorf("%s needs one image, such as `%s $APP`", command, command)}
	}
	found, err := r.seek(ts, args[0])
	var text string
	if err == nil {
		text, err = answer(found, platform)
	}
	if err != nil {
		return negated(not, fmt.Errorf("%s %s: %w", command, args[0], err), "")
	}
	output(ts, text, "")
	return negated(not, nil, fmt.Sprintf("%s %s is there: %s", command, args[0], printed(text)))
}

// platformIn takes -platform=P from the front of a command's arguments.
func platformIn(command string, args []string) (platform string, rest []string, err error) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		value, is := strings.CutPrefix(args[0], "-platform=")
		if !is {
			return "", nil, mistake{fmt.Errorf("%s has no flag %s; it has -platform=", command, args[0])}
		}
		platform, args = value, args[1:]
	}
	return platform, args, nil
}

// seek finds an image. A registry that does not answer is no fault of the build's.
func (r *runner) seek(ts *testscript.TestScript, image string) (artifact.Artifact, error) {
	if path := ts.MkAbs(image); exists(path) {
		image = path
	}
	found, err := artifact.Place{Engine: r.t.Env.Client, Folder: filepath.Dir(r.told)}.Find(r.t.Context(), image)
	if err == nil {
		return found, nil
	}
	if parsed, wrong := name.ParseReference(image, name.Insecure); wrong == nil {
		fault := upstream.FaultOf(parsed.Context().RegistryStr(), err)
		switch {
		case fault != nil && fault.Kind == upstream.Missing:
			return found, artifact.ErrAbsent
		case fault != nil:
			r.t.EnvironmentFailed("look for %s: %v", image, fault)
		}
	}
	return found, err
}

func lines(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return strings.Join(all, "\n") + "\n"
}

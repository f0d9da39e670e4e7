package spec

import "strings"

// Salt returns a value that only this try of its claim has. Passed to a build as
// an argument, it keeps the try out of the caches of other claims, tries and
// runs.
func (t *T) Salt() string {
	return t.Env.Run + "-" + strings.ReplaceAll(t.Evidence.Name(), "/", "-")
}

// Native returns the platform of the engine's host, such as linux/amd64.
func (t *T) Native() string { return "linux/" + t.Env.Engine.Arch }

package upstream

import "regexp"

// pulling matches BuildKit's names for steps that ask a registry for something.
var pulling = regexp.MustCompile(`^(?:\[[^\]]*\] )?(?:(?:load metadata for|resolve image config for|importing cache manifest from|FROM) (?:docker-image://)?|docker-image://)(\S+)$`)

// PulledBy returns the reference of what a BuildKit step pulls, by the step's
// name: a base image, a frontend, a cache. It is empty for other steps.
func PulledBy(step string) string {
	if match := pulling.FindStringSubmatch(step); match != nil {
		return match[1]
	}
	return ""
}

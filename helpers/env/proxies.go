package env

import (
	"os"
	"slices"
	"strings"

	"github.com/docker/cli/cli/config"
)

// proxyVariables are those that programs take a proxy from, as they are mostly written.
var proxyVariables = []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}

// Proxies returns the variables with which a program in a container finds the user's
// proxy, as KEY=value: what the docker configuration says for containers or, if it says
// nothing, what this process has. The docker command passes the former on to its own
// containers; buildx passes nothing on to a builder's.
func (e *Environment) Proxies() []string {
	var found []string
	if file, err := config.Load(e.DockerConfig()); err == nil {
		for name, value := range file.ParseProxyConfig(e.Engine.Host, nil) {
			if value != nil && slices.Contains(proxyVariables, name) {
				found = append(found, name+"="+*value)
			}
		}
	}
	if len(found) > 0 {
		slices.Sort(found)
		return found
	}
	for _, name := range proxyVariables {
		value := os.Getenv(name)
		if value == "" {
			value = os.Getenv(strings.ToLower(name))
		}
		if value != "" {
			found = append(found, name+"="+value)
		}
	}
	return found
}

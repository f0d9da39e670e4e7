package lab

import (
	"os"
	"path/filepath"
)

// plugin makes sure that the docker command finds the pinned buildx.
func (l *Lab) plugin() error {
	binary, err := l.buildxBinary(BuildxVersion)
	if err != nil {
		return err
	}
	dir := l.path("docker-config", "cli-plugins")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if config := l.path("docker-config", "config.json"); !exists(config) {
		if err := replace(config, []byte("{}\n")); err != nil {
			return err
		}
	}
	return relink(binary, filepath.Join(dir, "docker-buildx"))
}

// buildxBinary compiles a buildx release and returns it under the name that
// the docker command wants its plugins to have.
func (l *Lab) buildxBinary(release string) (string, error) {
	dir, err := l.compile(buildx(release))
	if err != nil {
		return "", err
	}
	link := filepath.Join(dir, "docker-buildx")
	return link, relink("buildx", link)
}

package env

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// composePlugin is the name that the docker command requires of the plugin.
const composePlugin = "docker-compose"

// HasCompose returns an error if the run's docker command has no compose plugin: the one that
// the user's has.
func (e *Environment) HasCompose(ctx context.Context) error {
	_, err := Shared(e, "the compose plugin", func() (string, error) {
		if err := e.linkCompose(); err != nil {
			return "", err
		}
		return e.docker(ctx, "compose", "version", "--short")
	})
	if err != nil {
		return fmt.Errorf("the docker command has no compose plugin: %w", err)
	}
	return nil
}

// linkCompose puts the plugin from the user's configuration, if it is there, where the run's
// docker command finds it. One that is installed for everyone is found anyway.
func (e *Environment) linkCompose() error {
	path := filepath.Join(UserDockerConfig(), "cli-plugins", composePlugin)
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	err := os.Symlink(path, filepath.Join(e.DockerConfig(), "cli-plugins", composePlugin))
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

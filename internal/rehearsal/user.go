package rehearsal

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The user, and the group that may talk to the engine.
const (
	userID      = 47110
	dockerGroup = "docker-of-the-world"
	dockerID    = 47111
)

// settle makes the user, with a home, the docker command and the project.
func (w *World) settle(root string) error {
	for name, addition := range map[string]string{
		"passwd": fmt.Sprintf("builder:x:%d:%[1]d::/home/builder:/bin/sh\n", userID),
		"group":  fmt.Sprintf("builder:x:%d:\n%s:x:%d:builder\n", userID, dockerGroup, dockerID),
	} {
		content, err := os.ReadFile(filepath.Join("/etc", name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(w.file(name), append(content, addition...), 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(w.file("world.sh"), []byte(script), 0o644); err != nil {
		return err
	}
	for _, dir := range []string{"home/builder/.docker/cli-plugins", "home/bin", "home/go", "upper", "work"} {
		if err := os.MkdirAll(w.file(dir), 0o755); err != nil {
			return err
		}
	}
	if w.conditions.Reach != "" {
		if err := os.WriteFile(w.file("elsewhere"), nil, 0o644); err != nil {
			return err
		}
	}
	if err := w.linkGo(); err != nil {
		return err
	}
	if err := w.copyPrograms(); err != nil {
		return err
	}
	if err := w.configureDocker(); err != nil {
		return err
	}
	if err := copyProject(root, w.Project); err != nil {
		return err
	}
	if w.conditions.Checkout == Roots {
		// Whoever owns the folder has made the program.
		if err := os.CopyFS(filepath.Join(w.Project, "bin"), os.DirFS(filepath.Join(root, "bin"))); err != nil {
			return err
		}
	}
	return filepath.WalkDir(w.file("home/builder"), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && w.conditions.Checkout == Roots && path == w.Project {
			return fs.SkipDir
		}
		if err != nil {
			return err
		}
		return os.Lchown(path, userID, userID)
	})
}

// linkGo leads to the go command of this process, and to its caches: what is there
// already is neither downloaded nor compiled again.
func (w *World) linkGo() error {
	for name, of := range map[string]string{"modules": "GOMODCACHE", "compiled": "GOCACHE"} {
		out, err := exec.Command("go", "env", of).Output()
		if err != nil {
			return fmt.Errorf("go env %s: %w", of, err)
		}
		if err := os.Symlink(strings.TrimSpace(string(out)), w.file(name)); err != nil {
			return err
		}
	}
	program, err := exec.LookPath("go")
	if err != nil {
		return err
	}
	return os.Symlink(program, w.file("go"))
}

// copyPrograms gives the user the docker command and buildx, where they can read them.
func (w *World) copyPrograms() error {
	access, err := w.lab.Access("")
	if err != nil {
		return err
	}
	docker, err := exec.LookPath("docker")
	if first, _, _ := strings.Cut(access.Path, string(os.PathListSeparator)); first != "" {
		docker, err = filepath.Join(first, "docker"), nil
	}
	if err != nil {
		return err
	}
	if err := copyFile(docker, w.file("home/bin/docker")); err != nil {
		return err
	}
	return copyFile(filepath.Join(access.DockerConfig, "cli-plugins", "docker-buildx"), w.file("home/builder/.docker/cli-plugins/docker-buildx"))
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o755)
}

// configureDocker writes the user's docker configuration: their account, and the proxy.
func (w *World) configureDocker() error {
	config := map[string]any{}
	if account := w.conditions.Account; account.User != "" {
		pair := base64.StdEncoding.EncodeToString([]byte(account.User + ":" + account.Password))
		config["auths"] = map[string]any{"https://index.docker.io/v1/": map[string]string{"auth": pair}}
	}
	if w.conditions.Way == Proxied {
		config["proxies"] = map[string]any{"default": map[string]string{
			"httpProxy": w.proxy(), "httpsProxy": w.proxy(), "noProxy": noProxy,
		}}
	}
	encoded, err := json.Marshal(config)
	if err != nil {
		return err
	}
	return os.WriteFile(w.file("home/builder/.docker/config.json"), encoded, 0o600)
}

// copyProject copies a project without what was built in it.
func copyProject(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == ".git" || entry.Name() == "build" || entry.Name() == "bin" {
			continue
		}
		source, target := filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())
		if entry.IsDir() {
			err = os.CopyFS(target, os.DirFS(source))
		} else {
			err = copyFile(source, target)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

package lab

import (
	"os"

	"builders.test/helpers/testbed"
	"builders.test/internal/versions"
)

// Access returns how to reach the engine with an image store; an empty store means
// the default one. It is complete, and its file is there, once the lab has been up.
func (l *Lab) Access(store string) (testbed.Access, error) {
	e, err := l.engines.With(store)
	if err != nil {
		return testbed.Access{}, err
	}
	a := testbed.Access{DockerHost: e.Host(), DockerConfig: l.dockerConfig(), Testbed: l.testbed(), File: l.TestbedFile()}
	if s, err := l.site.Settings(); err == nil && s.CLI != "" {
		a.Path = s.CLI + string(os.PathListSeparator) + os.Getenv("PATH")
	}
	return a, nil
}

// TestbedFile describes the lab to specs.
func (l *Lab) TestbedFile() string { return l.site.Path("testbed.json") }

func (l *Lab) testbed() testbed.Testbed {
	bed := testbed.Testbed{
		Engines: l.Hosts(), StandIns: l.images.StandIns(), Dive: map[string]string{},
		Locks: l.site.Cache, Complete: true, KeepImages: true,
	}
	for _, release := range versions.Dives {
		bed.Dive[release] = l.dive(release)
	}
	if mirror, err := l.registry.Mirror(); err == nil {
		bed.Mirror = testbed.Mirror{Address: mirror, Push: l.registry.Intake(), Registries: l.images.Registries()}
	}
	return bed
}

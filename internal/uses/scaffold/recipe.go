package scaffold

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// recipe is what a Dockerfile says about the image that one of its stages makes.
type recipe struct {
	// ports are those that it exposes, without a protocol.
	ports []string
	// starts reports whether it says what a container of it runs, health whether it has a check.
	starts, health bool
	// bare reports whether it begins with an empty file system.
	bare bool
	// runs reports whether anything is executed while it is built, and emulated whether that
	// is so on the platform that it is built for.
	runs, emulated bool
	// files are the paths that its last stage copies to.
	files []string
	// asks are build arguments without a value that a FROM needs.
	asks []string
	// sources are what it takes from its context.
	sources []string
	// whole reports whether it takes all of its context.
	whole bool
}

// readRecipe reads a Dockerfile for a stage; empty stands for the last one.
func readRecipe(content []byte, target string) (recipe, error) {
	parsed, err := parser.Parse(bytes.NewReader(content))
	if err != nil {
		return recipe{}, err
	}
	stages, globals, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return recipe{}, err
	}
	at := stageOf(stages, target)
	if at < 0 {
		return recipe{}, fmt.Errorf("it has no stage %q", target)
	}
	r := recipe{}
	for _, stage := range stages {
		r.takes(stage)
	}
	r.is(stages, at)
	r.needs(stages, globals, at, map[int]bool{})
	return r, nil
}

func stageOf(stages []instructions.Stage, name string) int {
	if name == "" {
		return len(stages) - 1
	}
	if number, err := strconv.Atoi(name); err == nil && number < len(stages) {
		return number
	}
	return slices.IndexFunc(stages, func(s instructions.Stage) bool { return strings.EqualFold(s.Name, name) })
}

// is reads what the image is: the stage, and those that it is based on.
func (r *recipe) is(stages []instructions.Stage, at int) {
	last := true // of the stages, the one that is asked for
	for at >= 0 {
		stage := stages[at]
		for _, command := range stage.Commands {
			switch command := command.(type) {
			case *instructions.CmdCommand, *instructions.EntrypointCommand:
				r.starts = true
			case *instructions.HealthCheckCommand:
				r.health = command.Health != nil && len(command.Health.Test) > 0 && command.Health.Test[0] != "NONE"
			case *instructions.ExposeCommand:
				r.exposes(command.Ports)
			case *instructions.WorkdirCommand:
				last = false // where a path leads from here on depends on it
			case *instructions.CopyCommand:
				if last && !command.Parents {
					r.copies(command.SourcesAndDest)
				}
			}
		}
		last = false
		r.bare = stage.BaseName == "scratch"
		at = baseOf(stages, at)
	}
}

// baseOf returns the stage that a stage is based on, or -1 if that is an image.
func baseOf(stages []instructions.Stage, at int) int {
	return slices.IndexFunc(stages[:at], func(s instructions.Stage) bool {
		return s.Name != "" && strings.EqualFold(s.Name, stages[at].BaseName)
	})
}

func (r *recipe) exposes(ports []string) {
	for _, port := range ports {
		number, protocol, _ := strings.Cut(port, "/")
		if _, err := strconv.Atoi(number); err == nil && protocol != "udp" && !slices.Contains(r.ports, number) {
			r.ports = append(r.ports, number)
		}
	}
}

// copies notes the paths that are certain: a single plain source, or a folder as the target.
func (r *recipe) copies(of instructions.SourcesAndDest) {
	for _, source := range of.SourcePaths {
		target := of.DestPath
		base := path.Base(path.Clean("/" + source))
		if strings.ContainsAny(source+target, "*?[$") || base == "/" {
			continue
		}
		if strings.HasSuffix(target, "/") || len(of.SourcePaths) > 1 || target == "." {
			if path.Ext(base) == "" {
				continue // it may be a folder, and then its content is copied
			}
			target = path.Join(target, base)
		}
		if target = strings.TrimPrefix(path.Clean("/"+target), "/"); target != "" {
			r.files = append(r.files, target)
		}
	}
}

// needs follows the stages that are built for this one.
func (r *recipe) needs(stages []instructions.Stage, globals []instructions.ArgCommand, at int, seen map[int]bool) {
	if at < 0 || seen[at] {
		return
	}
	seen[at] = true
	stage := stages[at]
	r.asks = append(r.asks, unset(stage.BaseName, globals)...)
	for _, command := range stage.Commands {
		switch command := command.(type) {
		case *instructions.RunCommand:
			r.runs = true
			r.emulated = r.emulated || !strings.Contains(stage.Platform, "BUILDPLATFORM")
			for _, mount := range instructions.GetMounts(command) {
				r.follow(stages, globals, mount.From, seen)
			}
		case *instructions.CopyCommand:
			r.follow(stages, globals, command.From, seen)
		}
	}
	r.needs(stages, globals, baseOf(stages, at), seen)
}

func (r *recipe) follow(stages []instructions.Stage, globals []instructions.ArgCommand, from string, seen map[int]bool) {
	if from != "" {
		r.needs(stages, globals, stageOf(stages, from), seen)
	}
}

// unset returns the arguments in an image's name that have no default.
func unset(name string, globals []instructions.ArgCommand) []string {
	var all []string
	for _, global := range globals {
		for _, arg := range global.Args {
			if arg.Value == nil && (strings.Contains(name, "${"+arg.Key+"}") || strings.HasSuffix(name, "$"+arg.Key)) {
				all = append(all, arg.Key)
			}
		}
	}
	return all
}

// takes notes what a stage takes from the context.
func (r *recipe) takes(stage instructions.Stage) {
	for _, command := range stage.Commands {
		switch command := command.(type) {
		case *instructions.CopyCommand:
			if command.From == "" {
				r.from(command.SourcePaths...)
			}
		case *instructions.AddCommand:
			r.from(command.SourcePaths...)
		case *instructions.RunCommand:
			for _, mount := range instructions.GetMounts(command) {
				if mount.Type == instructions.MountTypeBind && mount.From == "" {
					r.from(mount.Source)
				}
			}
		}
	}
}

func (r *recipe) from(sources ...string) {
	for _, source := range sources {
		source = strings.TrimPrefix(path.Clean("/"+source), "/")
		switch {
		case source == "":
			r.whole = true
		case strings.Contains(source, "$"), strings.Contains(source, ":"):
			// A variable, or something that is fetched.
		default:
			r.sources = append(r.sources, source)
		}
	}
}

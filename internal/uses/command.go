package uses

import (
	"slices"
	"strings"

	"github.com/tonistiigi/go-csvvalue"
)

// commands are those of buildx, with the commands that some of them have.
var commands = map[string][]string{
	"build": nil, "bake": nil, "create": nil, "du": nil, "inspect": nil, "install": nil, "ls": nil, "prune": nil,
	"rm": nil, "stop": nil, "uninstall": nil, "use": nil, "version": nil, "debug": {"build"}, "dap": {"build", "attach"},
	"dial-stdio": nil, "policy": {"eval", "test"},
	"imagetools": {"create", "inspect"},
	"history":    {"export", "import", "inspect", "logs", "ls", "open", "rm", "trace"},
}

// short are the flags that have one letter, too.
var short = map[string]string{"-t": "--tag", "-f": "--file", "-o": "--output", "-q": "--quiet", "-D": "--debug", "-a": "--all"}

// CommandLine returns what one command uses, from its name on. A command that is
// neither docker nor buildx uses nothing.
func CommandLine(line int, args []string) []Use {
	name, rest := subcommand(args)
	if name == "" {
		return nil
	}
	uses := []Use{at(line, Command, name)}
	for i, arg := range rest {
		if !strings.HasPrefix(arg, "-") || arg == "-" || arg == "--" {
			continue
		}
		flag, value, joined := strings.Cut(arg, "=")
		if long, ok := short[flag]; ok {
			flag = long
		}
		if !joined && i+1 < len(rest) && !strings.HasPrefix(rest[i+1], "-") {
			value = rest[i+1]
		}
		uses = append(uses, at(line, Flag, name+" "+flag))
		uses = append(uses, FlagValue(line, flag, value)...)
	}
	return uses
}

// subcommand finds the command of buildx in a command line, and returns what follows it.
func subcommand(args []string) (name string, rest []string) {
	i := slices.IndexFunc(args, func(arg string) bool { return arg == "buildx" || strings.HasSuffix(arg, "docker-buildx") })
	if i < 0 {
		return plainBuild(args)
	}
	for j := i + 1; j < len(args); j++ {
		inner, ok := commands[args[j]]
		if !ok {
			continue
		}
		if j+1 < len(args) && slices.Contains(inner, args[j+1]) {
			return args[j] + " " + args[j+1], args[j+2:]
		}
		return args[j], append(slices.Clone(args[i+1:j]), args[j+1:]...)
	}
	return "", nil
}

// plainBuild is for docker build, docker image build and docker compose build.
func plainBuild(args []string) (name string, rest []string) {
	i := slices.Index(args, "docker")
	if i < 0 {
		return "", nil
	}
	for j := i + 1; j < len(args); j++ {
		switch args[j] {
		case "build":
			return "build", args[j+1:]
		case "image", "builder":
		case "compose":
			if k := slices.Index(args[j:], "build"); k > 0 {
				return "compose build", args[j+k+1:]
			}
			return "", nil
		default:
			if !strings.HasPrefix(args[j], "-") {
				return "", nil
			}
		}
	}
	return "", nil
}

// FlagValue returns what the value of a flag uses beyond the flag itself.
func FlagValue(line int, flag, value string) []Use {
	switch flag {
	case "--output":
		return attributes(line, Output, "", value)
	case "--cache-from":
		return attributes(line, Cache, "from ", value)
	case "--cache-to":
		return attributes(line, Cache, "to ", value)
	case "--attest":
		return attributes(line, Attestation, "", value)
	case "--provenance", "--sbom":
		return attributes(line, Attestation, "", "type="+strings.TrimPrefix(flag, "--")+","+value)
	case "--driver":
		return []Use{at(line, Driver, value)}
	case "--driver-opt":
		return keys(line, DriverOption, value)
	case "--build-arg":
		name, _, _ := strings.Cut(value, "=")
		return arguments(line, name)
	case "--set":
		return override(line, value)
	}
	return nil
}

// override reads what bake's --set sets: *.cache-to=type=gha.
func override(line int, value string) []Use {
	where, to, _ := strings.Cut(value, "=")
	_, field, found := strings.Cut(where, ".")
	if !found {
		return nil
	}
	field, key, _ := strings.Cut(field, ".")
	uses := []Use{at(line, Bake, "target."+field)}
	if field == "args" {
		uses = append(uses, arguments(line, key)...)
	}
	if flag, ok := fieldFlags[field]; ok {
		uses = append(uses, FlagValue(line, flag, to)...)
	}
	return uses
}

// attributes reads type=…,key=value: the type, and each attribute with it.
func attributes(line int, kind Kind, before, value string) []Use {
	fields, err := csvvalue.Fields(value, nil)
	if err != nil || len(fields) == 0 || value == "" {
		return nil
	}
	of := ""
	for _, field := range fields {
		if name, ok := strings.CutPrefix(field, "type="); ok {
			of = name
		}
	}
	switch {
	case of == "" && kind == Output:
		of = "local"
	case of == "":
		of = "registry" // a reference alone
	}
	uses := []Use{at(line, kind, before+of)}
	for _, field := range fields {
		if key, _, ok := strings.Cut(field, "="); ok && key != "type" {
			uses = append(uses, at(line, kind, before+of+" "+attributeName(key)))
		}
	}
	return uses
}

// attributeName leaves out what the user chose: the key of an annotation, a variable's name.
func attributeName(key string) string {
	for _, family := range []string{"annotation-", "annotation", "env."} {
		if strings.HasPrefix(key, family) && key != family {
			return family + "*"
		}
	}
	return key
}

// keys reads key=value,key=value.
func keys(line int, kind Kind, value string) []Use {
	fields, err := csvvalue.Fields(value, nil)
	if err != nil {
		return nil
	}
	var uses []Use
	for _, field := range fields {
		if key, _, ok := strings.Cut(field, "="); ok {
			uses = append(uses, at(line, kind, attributeName(key)))
		}
	}
	return uses
}

package script

import (
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"

	"builders.test/helpers/cli"
	"github.com/distribution/reference"
)

// namesGiven returns the names that a build is about to give to images on the engine, as
// far as its words show; those in a bake file are queried. The relay does not see them
// if the engine's own BuildKit builds.
func (r *runner) namesGiven(config cli.Config, args []string) []string {
	if len(args) == 0 {
		return nil
	}
	verb := slices.IndexFunc(args, func(word string) bool {
		return slices.Contains([]string{"build", "b", "bake", "f"}, word)
	})
	switch {
	case verb < 0 || verb > 0 && !slices.Contains([]string{"buildx", "image", "builder"}, args[0]):
		return nil
	case args[verb] == "build" || args[verb] == "b":
		return namesInFlags(args[verb:])
	}
	return r.namesInBakeFile(config, args[:verb+1], args[verb+1:])
}

// namesInFlags returns the names in --tag and --output of a build.
func namesInFlags(args []string) []string {
	names := cli.ValuesOf(args, "-t", "--tag")
	for _, output := range cli.ValuesOf(args, "-o", "--output") {
		names = append(names, namesInOutput(output)...)
	}
	return names
}

// namesInOutput returns the names in one output, which is written as CSV: several
// names of one image are in quotation marks.
func namesInOutput(output string) []string {
	fields, err := csv.NewReader(strings.NewReader(output)).Read()
	if err != nil {
		return nil
	}
	for _, field := range fields {
		if names, ok := strings.CutPrefix(field, "name="); ok {
			return strings.Split(names, ",")
		}
	}
	return nil
}

// namesInBakeFile asks bake what it would build. If it cannot say, the command
// itself will complain.
func (r *runner) namesInBakeFile(config cli.Config, verb, args []string) []string {
	result := config.Try(r.t, append(append(slices.Clone(verb), "--print"), args...)...)
	if result.ExitCode != 0 {
		return nil
	}
	return namesInPlan([]byte(result.Stdout()))
}

func namesInPlan(plan []byte) []string {
	var printed struct {
		Target map[string]struct {
			Tags   []string
			Output []json.RawMessage
		}
	}
	if json.Unmarshal(plan, &printed) != nil {
		return nil
	}
	var names []string
	for _, target := range printed.Target {
		names = append(names, target.Tags...)
		for _, output := range target.Output {
			// Older releases print it as text.
			var text string
			var fields map[string]string
			if json.Unmarshal(output, &text) == nil {
				names = append(names, namesInOutput(text)...)
			} else if json.Unmarshal(output, &fields) == nil && fields["name"] != "" {
				names = append(names, strings.Split(fields["name"], ",")...)
			}
		}
	}
	slices.Sort(names)
	return names
}

// familiar returns a name as the engine lists it, or empty if it is not a name.
func familiar(name string) string {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil || !reference.IsNameOnly(named) && !isTagged(named) {
		return ""
	}
	return reference.FamiliarString(reference.TagNameOnly(named))
}

func isTagged(named reference.Named) bool {
	_, digested := named.(reference.Digested)
	_, tagged := named.(reference.Tagged)
	return tagged && !digested
}

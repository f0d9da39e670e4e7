package script

import (
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"

	"builders.test/helpers/cli"
	"github.com/distribution/reference"
)

// makes returns what a docker command that builds is about to make, as far as its words show;
// a bake file is queried. The relay does not see names if the engine's own BuildKit builds.
func (r *runner) makes(config cli.Config, args []string) plan {
	if len(args) == 0 {
		return plan{}
	}
	verb := slices.IndexFunc(args, func(word string) bool {
		return slices.Contains([]string{"build", "b", "bake", "f"}, word)
	})
	switch {
	case verb < 0 || verb > 0 && !slices.Contains([]string{"buildx", "image", "builder"}, args[0]):
		return plan{}
	case args[verb] == "build" || args[verb] == "b":
		return inFlags(args[verb:])
	}
	return r.planned(config, args[:verb+1], args[verb+1:])
}

// inFlags returns what the flags of a build name.
func inFlags(args []string) plan {
	made := plan{names: namesInFlags(args), outputs: cli.ValuesOf(args, "--iidfile", "--metadata-file")}
	for _, output := range cli.ValuesOf(args, "-o", "--output") {
		made.outputs = append(made.outputs, fieldsOf(output)["dest"])
	}
	return made
}

// namesInFlags returns the names in --tag and --output of a build.
func namesInFlags(args []string) []string {
	names := cli.ValuesOf(args, "-t", "--tag")
	for _, output := range cli.ValuesOf(args, "-o", "--output") {
		names = append(names, namesInOutput(output)...)
	}
	return names
}

// namesInOutput returns the names in one output; several names of one image are in
// quotation marks.
func namesInOutput(output string) []string {
	names := fieldsOf(output)["name"]
	if names == "" {
		return nil
	}
	return strings.Split(names, ",")
}

// fieldsOf reads an output, which is written as CSV; a path alone is a destination.
func fieldsOf(output string) map[string]string {
	words, err := csv.NewReader(strings.NewReader(output)).Read()
	if err != nil {
		return nil
	}
	fields := map[string]string{}
	for _, word := range words {
		key, value, found := strings.Cut(word, "=")
		if !found {
			key, value = "dest", word
		}
		fields[key] = value
	}
	return fields
}

// planned asks bake what it would build. If it cannot say, the command itself will
// complain.
func (r *runner) planned(config cli.Config, verb, args []string) plan {
	result := config.Try(r.t, append(append(slices.Clone(verb), "--print"), args...)...)
	if result.ExitCode != 0 {
		return plan{}
	}
	return readPlan([]byte(result.Stdout()))
}

// plan is what bake would make outside of the builder.
type plan struct {
	// names are those of images, and outputs the destinations of files.
	names, outputs []string
}

func readPlan(text []byte) plan {
	var printed struct {
		Target map[string]struct {
			Tags   []string
			Output []json.RawMessage
		}
	}
	if json.Unmarshal(text, &printed) != nil {
		return plan{}
	}
	var found plan
	for _, target := range printed.Target {
		found.names = append(found.names, target.Tags...)
		for _, output := range target.Output {
			fields := outputFields(output)
			if names := fields["name"]; names != "" {
				found.names = append(found.names, strings.Split(names, ",")...)
			}
			if dest := fields["dest"]; dest != "" {
				found.outputs = append(found.outputs, dest)
			}
		}
	}
	slices.Sort(found.names)
	slices.Sort(found.outputs)
	return found
}

// outputFields reads an output as bake prints it: an object, or text in older releases.
func outputFields(output json.RawMessage) map[string]string {
	var fields map[string]string
	var text string
	if json.Unmarshal(output, &fields) == nil {
		return fields
	}
	if json.Unmarshal(output, &text) != nil {
		return nil
	}
	return fieldsOf(text)
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

package uses

import (
	"bytes"
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Shell reads a shell script: its calls of docker and buildx, and the variables that
// it sets for them.
func Shell(content []byte) ([]Use, error) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash), syntax.RecoverErrors(5)).Parse(bytes.NewReader(content), "")
	if err != nil {
		return nil, err
	}
	var uses []Use
	syntax.Walk(file, func(node syntax.Node) bool {
		switch node := node.(type) {
		case *syntax.CallExpr:
			uses = append(uses, assigned(node.Assigns)...)
			uses = append(uses, CommandLine(line(node), literals(node.Args))...)
		case *syntax.DeclClause:
			uses = append(uses, assigned(node.Args)...)
		}
		return true
	})
	return uses, nil
}

func line(node syntax.Node) int { return int(node.Pos().Line()) } //nolint:gosec // a file has less lines

func assigned(all []*syntax.Assign) []Use {
	var uses []Use
	for _, one := range all {
		if one.Name != nil {
			uses = append(uses, variable(line(one), one.Name.Value)...)
		}
	}
	return uses
}

// variables are those that docker, buildx or BuildKit's client reads.
var variables = regexp.MustCompile(`^BUILDX_(BAKE_[A-Z_]+|BUILDER|CONFIG|EXPERIMENTAL|GIT_(CHECK_DIRTY|INFO|LABELS)|METADATA_(PROVENANCE|WARNINGS)|NO_DEFAULT_(ATTESTATIONS|LOAD))$` +
	`|^BUILDKIT_(COLORS|HOST|PROGRESS|TTY_LOG_LINES)$` +
	`|^DOCKER_(API_VERSION|BUILDKIT|CERT_PATH|CONFIG|CONTEXT|DEFAULT_PLATFORM|HOST|TLS|TLS_VERIFY)$|^SOURCE_DATE_EPOCH$`)

// variable returns the use of a variable if docker, buildx or BuildKit's client reads it.
func variable(line int, name string) []Use {
	if !variables.MatchString(name) {
		return nil
	}
	return []Use{at(line, Variable, name)}
}

// literals returns the words of a call. What the shell would put in stays as it is
// written, so that a flag is a flag whatever its value.
func literals(all []*syntax.Word) []string {
	printer := syntax.NewPrinter()
	var texts []string
	for _, word := range all {
		var text bytes.Buffer
		for _, part := range word.Parts {
			plain(&text, printer, part)
		}
		texts = append(texts, text.String())
	}
	return texts
}

func plain(text *bytes.Buffer, printer *syntax.Printer, part syntax.WordPart) {
	switch part := part.(type) {
	case *syntax.Lit:
		text.WriteString(part.Value)
	case *syntax.SglQuoted:
		text.WriteString(part.Value)
	case *syntax.DblQuoted:
		for _, inner := range part.Parts {
			plain(text, printer, inner)
		}
	default:
		_ = printer.Print(text, part)
	}
}

// Makefile reads the recipes of a Makefile or a justfile, line by line.
func Makefile(content []byte) ([]Use, error) {
	var uses []Use
	text := strings.Split(string(content), "\n")
	for i := 0; i < len(text); i++ {
		first := i
		whole := text[i]
		for strings.HasSuffix(whole, "\\") && i+1 < len(text) {
			i++
			whole = strings.TrimSuffix(whole, "\\") + " " + strings.TrimSpace(text[i])
		}
		if !strings.Contains(whole, "docker") && !strings.Contains(whole, "buildx") && !strings.Contains(whole, "BUILD") {
			continue
		}
		uses = append(uses, recipe(first+1, whole)...)
	}
	return uses, nil
}

// recipe reads one line. What make puts in looks like a command to the shell, so it is
// made a variable first.
func recipe(number int, text string) []Use {
	text = strings.TrimLeft(strings.TrimSpace(text), "@-+")
	text = strings.NewReplacer("$$", "$", "$(", "${", ")", "}", "{{", "${", "}}", "}").Replace(text)
	uses, err := Shell([]byte(text))
	if err != nil {
		uses = CommandLine(0, strings.Fields(text))
	}
	for i := range uses {
		uses[i].Line = number
	}
	return uses
}
